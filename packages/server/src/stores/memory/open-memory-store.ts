import { attemptIn } from "../../domain/attempt-detail.ts"
import { type Store, StoreUnavailable } from "../../ports/store.ts"
import { accept, acceptedBefore } from "./accepting.ts"
import { configure, loadConfig, touchKeys } from "./configuring.ts"
import { forget } from "./forgetting.ts"
import { backlogs, nextDue, waiting, waitingSince } from "./lanes.ts"
import { audit, auditChain, deliveries, deliveryRecord, events, health, storedEvent } from "./log.ts"
import { enqueue, openReplays, replayCandidates } from "./replaying.ts"
import { Rows } from "./rows.ts"
import { cancelWaiting, reopen, settle } from "./settling.ts"
import { attemptsByMinute, stats } from "./statistics.ts"

/**
 * A store that forgets all when it is closed, for tests and simulation: each call takes effect at once, without
 * timers or randomness, so the same calls give the same answers.
 */
export function openMemoryStore(): Store {
  const rows = new Rows()
  let closed = false

  /** Answers as a promise, as every store does; what is thrown becomes its rejection. */
  async function act<Result>(verb: () => Result): Promise<Result> {
    if (closed) throw new StoreUnavailable("The store is closed.")
    return verb()
  }

  return {
    accept: (acceptance) => act(() => accept(rows, acceptance)),
    acceptedBefore: (workspaceId, keys) => act(() => acceptedBefore(rows, workspaceId, keys)),
    settle: (settlement) =>
      act(() => {
        settle(rows, settlement)
        const { workspaceId, brings } = settlement
        if (brings) accept(rows, { workspaceId, events: [brings] })
        return true
      }),
    reopen: (workspaceId, id, nowMs) => act(() => reopen(rows, workspaceId, id, nowMs)),
    cancelWaiting: (workspaceId, webhookId, atMs, limit) =>
      act(() => cancelWaiting(rows, workspaceId, webhookId, atMs, limit)),

    waiting: (query) => act(() => waiting(rows, query)),
    nextDue: (workspaceId, webhookId, afterMs) => act(() => nextDue(rows, workspaceId, webhookId, afterMs)),
    attemptsByMinute: (workspaceId, webhookId, sinceMs) =>
      act(() => attemptsByMinute(rows, workspaceId, webhookId, sinceMs)),
    backlogs: () => act(() => backlogs(rows)),
    waitingSince: () => act(() => waitingSince(rows)),

    loadConfig: () => act(() => loadConfig(rows)),
    configure: (changes, entries, brings) =>
      act(() => {
        const outcome = configure(rows, changes, entries)
        if (brings && outcome === "done") accept(rows, { workspaceId: brings.workspaceId, events: [brings.event] })
        return outcome
      }),
    touchKeys: (used) => act(() => touchKeys(rows, used)),
    keyLastUsed: (workspaceId) => act(() => new Map(rows.visible(workspaceId)?.keysLastUsed)),

    health: (workspaceId, webhookIds) => act(() => health(rows, workspaceId, webhookIds)),
    stats: (workspaceId, webhookId, sinceMs, nowMs, points) =>
      act(() => stats(rows, workspaceId, webhookId, sinceMs, nowMs, points)),
    event: (workspaceId, id) =>
      act(() => {
        const row = rows.visible(workspaceId)?.events.get(id)
        return row === undefined ? null : storedEvent(workspaceId, row)
      }),
    events: (workspaceId, filter, page, signal) =>
      act(() => {
        signal?.throwIfAborted()
        return events(rows, workspaceId, filter, page)
      }),
    delivery: (workspaceId, id) =>
      act(() => {
        const row = rows.visible(workspaceId)?.deliveries.get(id)
        return row === undefined ? null : deliveryRecord(workspaceId, row)
      }),
    deliveries: (workspaceId, filter, page, signal) =>
      act(() => {
        signal?.throwIfAborted()
        return deliveries(rows, workspaceId, filter, page)
      }),
    attempts: (workspaceId, id) =>
      act(() =>
        [...(rows.visible(workspaceId)?.deliveries.get(id)?.attempts ?? [])]
          .sort((a, b) => a.number - b.number)
          .map(attemptIn),
      ),
    audit: (workspaceId, page) => act(() => audit(rows, workspaceId, page)),
    auditChain: (workspaceId, afterSequence, limit) => act(() => auditChain(rows, workspaceId, afterSequence, limit)),
    auditHead: (workspaceId) => act(() => rows.auditHeads.get(workspaceId) ?? null),
    note: (entry) =>
      act(() => {
        rows.note(entry)
        return entry.id
      }),

    putReplay: (replay) =>
      act(() => {
        rows.workspace(replay.workspaceId).replays.set(replay.id, replay)
      }),
    cancelReplay: (workspaceId, id, atMs) =>
      act(() => {
        const replays = rows.visible(workspaceId)?.replays
        const now = replays?.get(id)
        if (now?.state === "running") replays?.set(id, { ...now, state: "cancelled", updatedMs: atMs })
        return replays?.get(id) ?? null
      }),
    replay: (workspaceId, id) => act(() => rows.visible(workspaceId)?.replays.get(id) ?? null),
    openReplays: () => act(() => openReplays(rows)),
    replayCandidates: (replay, afterId, limit) => act(() => replayCandidates(rows, replay, afterId, limit)),
    enqueue: (replay) => act(() => enqueue(rows, replay)),

    forget: (past, limit) => act(() => forget(rows, past, limit)),
    ready: async () => (closed ? "The store is closed." : null),
    close: async () => {
      closed = true
    },
  }
}

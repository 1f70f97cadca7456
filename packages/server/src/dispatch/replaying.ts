import { asId, type IdMint, type ReplayId, type WebhookId, type WorkspaceId } from "../domain/ids.ts"
import { match } from "../domain/matching.ts"
import type { Replay } from "../domain/replay.ts"
import type { Webhook } from "../domain/webhook.ts"
import { type Clock, pause } from "../ports/clock.ts"
import type { OnFault } from "../ports/faults.ts"
import type { Metrics } from "../ports/metrics.ts"
import { type ReplayCandidate, type Store, StoreUnavailable } from "../ports/store.ts"
import type { Registry } from "../registry/registry.ts"

export type ReplayingParts = {
  readonly store: Pick<Store, "openReplays" | "replay" | "putReplay" | "replayCandidates" | "enqueue" | "events">
  readonly registry: Registry
  readonly clock: Clock
  readonly mint: IdMint
  /** Told that new deliveries of a webhook wait in the store. */
  readonly missed: (workspaceId: WorkspaceId, webhookId: WebhookId) => void
  readonly onFault: OnFault
  /** A job runs on the node that sends for its webhook; the others leave it to that one. */
  readonly owns: (webhookId: WebhookId) => boolean
  readonly metrics: Pick<Metrics, "replayed">
}

const stepEvents = 200
const retryPauseMs = 1_000
/** A webhook that this node has not heard of in so long, by its own time, is gone. A change is known within a second. */
const unheardOfMaxMs = 30_000
/** Of kinds that are not the store's being away. */
const faultsMax = 5

/** The webhook was made on another node, of which this one will hear. */
class NotHeardOf extends Error {}

/**
 * Runs replay jobs: looks through past events a page at a time and stores new deliveries of those that qualify, with
 * the job's progress in the same commit. A job that was cut off goes on at its next start where it stopped.
 */
export class Replaying {
  readonly #parts: ReplayingParts
  readonly #running = new Set<ReplayId>()
  /** The last job of each webhook that has any: two at a time would both find, and send, what the other is about to. */
  readonly #lastOf = new Map<WebhookId, Promise<void>>()
  #stopped = false

  constructor(parts: ReplayingParts) {
    this.#parts = parts
  }

  /** Runs the stored jobs that are this node's and not running yet. */
  async start(): Promise<void> {
    for (const replay of await this.#parts.store.openReplays()) this.run(replay)
  }

  /** Runs a stored job in the background; one already running is left to itself. */
  run(replay: Replay): void {
    if (this.#running.has(replay.id) || !this.#parts.owns(replay.webhookId)) return
    this.#running.add(replay.id)
    const whole = this.#whole(replay, this.#lastOf.get(replay.webhookId))
    this.#lastOf.set(replay.webhookId, whole)
    void whole.then(() => {
      if (this.#lastOf.get(replay.webhookId) === whole) this.#lastOf.delete(replay.webhookId)
    })
  }

  async #whole(replay: Replay, before: Promise<void> | undefined): Promise<void> {
    await before
    try {
      await this.#steps(replay)
    } catch (fault) {
      this.#parts.onFault(fault, `replaying ${replay.id}`)
    } finally {
      this.#running.delete(replay.id)
    }
  }

  /** How many jobs this node is working on. */
  running(): number {
    return this.#running.size
  }

  stop(): void {
    this.#stopped = true
  }

  async #steps(from: Replay): Promise<void> {
    let replay: Replay | null = from
    let uncertain = false
    let faults = 0
    const sinceMs = this.#parts.clock.monotonic()
    while (replay?.state === "running" && !this.#stopped && this.#parts.owns(replay.webhookId)) {
      try {
        if (uncertain) replay = await this.#asStored(replay)
        uncertain = false
        // A step that someone else has made meanwhile is no reason to stop: that one may no longer be the owner.
        if (replay?.state === "running") replay = (await this.#step(replay, sinceMs)) ?? (await this.#asStored(replay))
      } catch (fault) {
        uncertain = true
        // Retention may have removed an event between the page and its deliveries: the next page is read anew.
        if (fault instanceof StoreUnavailable) this.#parts.onFault(fault, `replaying ${from.id}`)
        else if (!(fault instanceof NotHeardOf) && ++faults >= faultsMax) throw fault
        await pause(this.#parts.clock, retryPauseMs)
      }
    }
  }

  /** The last step may have been kept and its answer lost: taken again, it would enqueue the same events. */
  async #asStored(replay: Replay): Promise<Replay | null> {
    const { store, missed } = this.#parts
    const { workspaceId, webhookId, id } = replay
    const stored = await store.replay(workspaceId, id)
    if (stored !== null && stored.enqueued > replay.enqueued) missed(workspaceId, webhookId)
    return stored
  }

  /** @param sinceMs when this node began with it. @returns the job as it is now; null when it was cancelled meanwhile, or another has made this step. */
  async #step(replay: Replay, sinceMs: number): Promise<Replay | null> {
    const { store, registry, clock, missed, metrics } = this.#parts
    const { workspaceId, webhookId } = replay
    const nowMs = clock.now()
    const webhook = registry.webhookOrTombstone(workspaceId, webhookId)
    if (!webhook && clock.monotonic() - sinceMs < unheardOfMaxMs) throw new NotHeardOf()
    if (!webhook || webhook.deletedMs !== null) {
      const cancelled: Replay = { ...replay, state: "cancelled", updatedMs: nowMs }
      await store.putReplay(cancelled)
      return cancelled
    }
    const candidates = await store.replayCandidates(replay, replay.afterId, stepEvents)
    const ends = replay.ends ?? (await this.#ends(replay, candidates[0]))
    const chosen = candidates.filter((candidate) => qualifies(replay, webhook, candidate))
    const after: Replay = {
      ...replay,
      state: candidates.length < stepEvents ? "completed" : "running",
      ...(ends && { ends }),
      afterId: candidates.at(-1)?.eventId ?? replay.afterId,
      examined: replay.examined + candidates.length,
      enqueued: replay.enqueued + chosen.length,
      updatedMs: nowMs,
    }
    const deliveries = chosen.map((candidate) => this.#delivery(candidate, nowMs))
    const examinedBefore = replay.examined
    const sequences = await store.enqueue({ workspaceId, webhookId, nowMs, deliveries, replay: after, examinedBefore })
    if (sequences === null) return null
    metrics.replayed(candidates.length, chosen.length)
    if (sequences.length > 0) missed(workspaceId, webhookId)
    return after
  }

  async #ends(
    { workspaceId, fromMs, toMs }: Replay,
    first: ReplayCandidate | undefined,
  ): Promise<Replay["ends"] | null> {
    const [last] = await this.#parts.store.events(workspaceId, { fromMs, toMs }, { limit: 1, before: null })
    return first && last ? { firstId: first.eventId, lastId: last.id } : null
  }

  #delivery({ eventId, orderingKey }: ReplayCandidate, nowMs: number) {
    const { mint } = this.#parts
    return {
      id: asId<Parameters<Store["delivery"]>[1]>(`dlv_${mint.next(nowMs)}`),
      eventId,
      laneKey: orderingKey ?? "",
    }
  }
}

/** Whether an event is to be delivered again: it still matches, and its delivery so far is what was asked for. */
export function qualifies(
  replay: Pick<Replay, "eventTypes" | "statuses" | "onlyMissing">,
  webhook: Webhook,
  candidate: ReplayCandidate,
): boolean {
  if (!match(webhook, candidate).matches) return false
  if (replay.eventTypes !== null && !replay.eventTypes.includes(candidate.type)) return false
  // What is still on its way is not sent twice.
  const { latest } = candidate
  if (latest === "pending" || latest === "retrying" || latest === "held") return false
  if (replay.onlyMissing && candidate.everDelivered) return false
  return replay.statuses === null || (latest !== null && replay.statuses.includes(latest))
}

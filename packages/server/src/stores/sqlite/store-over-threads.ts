import type { CommitListener } from "../../ports/metrics.ts"
import type { Brought, Store, WebhookStats } from "../../ports/store.ts"
import { GroupCommit } from "../group-commit.ts"
import { pageFrom } from "../stride.ts"
import { summedStats } from "../summed-stats.ts"
import { BooksLag } from "./books/lag.ts"
import { Damage, type DamageListener } from "./damage.ts"
import type { CheckpointVerbs } from "./threads/checkpoint-verbs.ts"
import type { HotVerbs } from "./threads/hot-verbs.ts"
import type { LogVerbs } from "./threads/log-verbs.ts"
import type { Verbs } from "./threads/serve.ts"
import type { RareWrites } from "./writes/rare-writes.ts"
import { acceptanceBytes, settlementBytes } from "./writes/size.ts"
import { decodeReplies, encodeBatch, type Operation, type RareOperation } from "./writes/tape.ts"

/** Where verbs run: a worker thread (`Link`), or in a simulation this one. Calls take effect and are answered in turn. */
export type Place<Served extends Verbs> = {
  /** @throws StoreUnavailable when the storage, or the thread, cannot be used */
  call<Verb extends keyof Served & string>(
    verb: Verb,
    argument: Parameters<Served[Verb]>[0],
  ): Promise<ReturnType<Served[Verb]>>
  /** Lets what was asked before be answered, and closes the database there. */
  close(): Promise<void>
}

export type Places = {
  readonly hot: Place<HotVerbs>
  readonly log: Place<LogVerbs>
  readonly checkpoint: Place<CheckpointVerbs>
}

export type SqliteBounds = {
  /** What may wait for a commit before acceptances are refused. */
  readonly queue?: { readonly operationsMax: number; readonly bytesMax: number }
  /** See `GroupCommitOptions`. */
  readonly soon?: (call: () => void) => void
  readonly onCommit?: CommitListener
  readonly onDamaged?: DamageListener
}

const queueDefault = { operationsMax: 20_000, bytesMax: 64 * 1024 * 1024 }
/** Some 20 ms of writing. */
const batch = { operationsMax: 1_000, bytesMax: 4 * 1024 * 1024 }
/** Operations between checkpoints: some 10 MB of write-ahead log. */
const checkpointOperations = 5_000
/** About what a rare write holds in memory; it only has to count for something. */
const rareBytes = 1_000

/** The port over the places where its verbs run. */
export function sqliteStoreOver(places: Places, bounds: SqliteBounds): Store {
  const damage = new Damage(bounds.onDamaged)
  const hot = damage.watched(places.hot, "sending")
  const log = damage.watched(places.log, "looking")
  const checkpoint = damage.watched(places.checkpoint, "looking")
  let checkpointing = false
  let uncheckpointedOperations = 0
  function checkpointSometimes(operations: number): void {
    uncheckpointedOperations += operations
    if (checkpointing || uncheckpointedOperations < checkpointOperations) return
    checkpointing = true
    uncheckpointedOperations = 0
    checkpoint
      .call("checkpoint", null)
      // Not an error of anyone's operation: a commit that finds the log long makes the checkpoint itself.
      .catch(() => undefined)
      .finally(() => {
        checkpointing = false
      })
  }

  const group = new GroupCommit<Operation, unknown>({
    commit: async (operations) => {
      const through = lag.sent(operations)
      const replies = await hot.call("commit", encodeBatch(operations))
      checkpointSometimes(operations.length)
      const outcomes = decodeReplies(operations, replies)
      if (outcomes.some(({ ok }) => ok)) through()
      outcomes.forEach((outcome, at) => {
        if (!outcome.ok) damage.noticed(outcome.error, operations[at]?.verb === "forget" ? "removing" : "sending")
      })
      return outcomes
    },
    queue: bounds.queue ?? queueDefault,
    batch,
    // The worker takes batches in the order they are sent.
    inFlightMax: 2,
    ...(bounds.soon && { soon: bounds.soon }),
    ...(bounds.onCommit && { onCommit: (operations, durationMs) => bounds.onCommit?.("all", operations, durationMs) }),
  })

  /** What a write resolves to is what its verb returned: `decodeReplies` reads it by the operation. */
  function write<Result>(operation: Operation, sizeBytes: number, bound: "refusable" | "always"): Promise<Result> {
    return group.submit(operation, sizeBytes, bound) as Promise<Result>
  }

  function rare<Verb extends keyof RareWrites>(
    verb: Verb,
    argument: Parameters<RareWrites[Verb]>[0],
  ): Promise<ReturnType<RareWrites[Verb]>> {
    return write({ verb, argument } as RareOperation, rareBytes, "always")
  }

  const lag = new BooksLag(() => rare("writeBooks", null))

  /** One commit for an operation and the event that it brings about. */
  function together<Result>(operation: Operation, { workspaceId, event }: Brought): Promise<Result> {
    const acceptance = { workspaceId, events: [event] }
    const argument = encodeBatch([operation, { verb: "accept", acceptance }])
    return write({ verb: "together", argument }, rareBytes + acceptanceBytes(acceptance), "always")
  }

  return {
    accept: (acceptance) => write({ verb: "accept", acceptance }, acceptanceBytes(acceptance), "refusable"),
    acceptedBefore: (workspaceId, keys) => log.call("acceptedBefore", { workspaceId, keys }),
    settle: (settlement) => {
      const { workspaceId, brings: event } = settlement
      return event
        ? together({ verb: "settle", settlement }, { workspaceId, event })
        : write({ verb: "settle", settlement }, settlementBytes(settlement), "always")
    },
    reopen: (workspaceId, id, nowMs) => rare("reopen", { workspaceId, id, nowMs }),
    cancelWaiting: (workspaceId, webhookId, atMs, limit) =>
      rare("cancelWaiting", { workspaceId, webhookId, atMs, limit }),
    configure: (changes, audit, brings) =>
      brings
        ? together({ verb: "configure", argument: { changes, audit } }, brings)
        : rare("configure", { changes, audit }),
    touchKeys: async (used) => {
      await rare("touchKeys", used)
    },
    note: (entry) => rare("note", entry),
    cancelReplay: (workspaceId, id, atMs) => rare("cancelReplay", { workspaceId, id, atMs }),
    putReplay: async (replay) => {
      await rare("putReplay", replay)
    },
    enqueue: (enqueue) => rare("enqueue", enqueue),
    forget: (past, limit) => rare("forget", { ...past, limit }),

    waiting: (query) => hot.call("waiting", query),
    nextDue: (workspaceId, webhookId, afterMs) => hot.call("nextDue", { workspaceId, webhookId, afterMs }),
    attemptsByMinute: async (workspaceId, webhookId, sinceMs) => {
      await lag.caughtUp()
      return hot.call("attemptsByMinute", { workspaceId, webhookId, sinceMs })
    },
    // What is not told here is not sent.
    backlogs: async () => {
      await lag.caughtUp()
      return hot.call("backlogs", null)
    },
    // On the thread of what people look at: not in the way of commits.
    waitingSince: async () => {
      await lag.caughtUpIfPossible()
      return log.call("waitingSince", null)
    },

    loadConfig: () => log.call("loadConfig", null),
    keyLastUsed: async (workspaceId) => new Map(await log.call("keyLastUsed", workspaceId)),
    health: async (workspaceId, webhookIds) => {
      await lag.caughtUpIfPossible()
      const healths = await log.call("health", { workspaceId, webhookIds })
      return new Map(healths.map((health) => [health.webhookId, health]))
    },
    stats: async (workspaceId, webhookId, sinceMs, nowMs, points) => {
      await lag.caughtUpIfPossible()
      const stride = (fromMinute: number | null) =>
        log.call("stats", { workspaceId, webhookId, sinceMs, nowMs, points, fromMinute })
      const first = await stride(null)
      const others: WebhookStats[] = []
      for (let from = first.resumeMinute; from !== null; ) {
        const { stats, resumeMinute } = await stride(from)
        others.push(stats)
        from = resumeMinute
      }
      return others.length === 0 ? first.stats : summedStats([first.stats, ...others])
    },
    event: (workspaceId, id) => log.call("event", { workspaceId, id }),
    events: (workspaceId, filter, page, signal) =>
      pageFrom(page.limit, page.before, signal, (limit, before) =>
        log.call("events", { workspaceId, filter, page: { limit, before } }),
      ),
    delivery: (workspaceId, id) => log.call("delivery", { workspaceId, id }),
    deliveries: async (workspaceId, filter, page, signal) => {
      if (filter.webhookId !== undefined) await lag.caughtUpIfPossible()
      return pageFrom(page.limit, page.before, signal, (limit, before) =>
        log.call("deliveries", { workspaceId, filter, page: { limit, before } }),
      )
    },
    attempts: (workspaceId, id) => log.call("attempts", { workspaceId, id }),
    audit: (workspaceId, page) => log.call("audit", { workspaceId, page }),
    auditChain: (workspaceId, afterSequence, limit) => log.call("auditChain", { workspaceId, afterSequence, limit }),
    auditHead: (workspaceId) => log.call("auditHead", workspaceId),
    replay: (workspaceId, id) => log.call("replay", { workspaceId, id }),
    openReplays: () => log.call("openReplays", null),
    replayCandidates: (replay, afterId, limit) => {
      const { workspaceId, webhookId, fromMs, toMs } = replay
      return log.call("replayCandidates", { replay: { workspaceId, webhookId, fromMs, toMs }, afterId, limit })
    },

    ready: async () => {
      try {
        await rare("check", null)
        await log.call("openReplays", null)
        return damage.ofSending()
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    },
    close: async () => {
      await group.close()
      await Promise.all([log.close(), checkpoint.close()])
      // Last, so that it finds no reader and folds the write-ahead log into the database.
      await hot.close()
    },
  }
}

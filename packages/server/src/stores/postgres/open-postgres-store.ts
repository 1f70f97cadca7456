import type { NewEvent } from "../../domain/event.ts"
import type { WorkspaceId } from "../../domain/ids.ts"
import type { CommitListener } from "../../ports/metrics.ts"
import type { Ownership, Signals } from "../../ports/ownership.ts"
import type { Relay } from "../../ports/relay.ts"
import { type Store, StoreUnavailable } from "../../ports/store.ts"
import { type Agreeing, agreeing } from "./agreeing.ts"
import { reasonOf } from "./failure.ts"
import { attemptsByMinute } from "./lanes/attempts-by-minute.ts"
import { backlogs } from "./lanes/backlogs.ts"
import { nextDue } from "./lanes/next-due.ts"
import { WaitingReads } from "./lanes/waiting.ts"
import { waitingSince } from "./lanes/waiting-since.ts"
import { attempts } from "./log/attempts.ts"
import { audit, auditChain, auditHead } from "./log/audit.ts"
import { deliveries, delivery } from "./log/deliveries.ts"
import { event, events } from "./log/events.ts"
import { health } from "./log/health.ts"
import { keyLastUsed, loadConfig } from "./log/load-config.ts"
import { openReplays, replay, replayCandidates } from "./log/replays.ts"
import { stats } from "./log/stats.ts"
import { migrate } from "./migrate.ts"
import { mintedMs } from "./minted.ts"
import { Notices } from "./notices/notices.ts"
import { ShardKeeper } from "./ownership/shard-keeper.ts"
import { dayOf, Partitions, startOfDayMs } from "./partitions.ts"
import {
  Pool,
  plannedAnew,
  plannedOnce,
  plannedOnceByLoops,
  plansLastSeconds,
  prompt,
  type Row,
  type Runner,
  Session,
  SessionPool,
  type Value,
} from "./session.ts"
import { acceptedBefore, acceptKeyed, daysOf } from "./writes/accept.ts"
import { Accepting } from "./writes/accepting.ts"
import { configure } from "./writes/configure.ts"
import { enqueue } from "./writes/enqueue.ts"
import { Forgetting } from "./writes/forgetting/forgetting.ts"
import { note } from "./writes/note.ts"
import { cancelReplay, putReplay } from "./writes/put-replay.ts"
import { Settling } from "./writes/settling.ts"
import { touchKeys } from "./writes/touch-keys.ts"

export type PostgresStoreOptions = {
  /** `postgres://…`; the driver's parameters (`sslmode`) in its query. A pooler must pool by session. */
  readonly url: string
  /** What may wait for a commit before acceptances are refused. */
  readonly queue?: { readonly operationsMax: number; readonly bytesMax: number }
  /**
   * Retention by whole days, which are partitions: nothing is deleted row by row, and what is past its retention stays
   * a day longer at most. Otherwise to the millisecond.
   */
  readonly wholeDays?: boolean
  /** Told of what should not happen: the store goes on. */
  readonly onFault?: (fault: unknown, what: string) => void
  readonly onCommit?: CommitListener
}

/** A store that other nodes use at the same time. */
export type PostgresStore = Store & {
  readonly ownership: Ownership
  readonly signals: Signals
  readonly relay: Relay
  readonly agreeing: Agreeing
  /** For rate limits that hold over all nodes: as rate-limiter-flexible wants its client, with the table it counts in. */
  readonly counters: { readonly table: string; readonly query: CounterQuery }
}

type CounterQuery = (query: {
  readonly text: string
  readonly values?: readonly Value[]
}) => Promise<{ readonly rows: readonly Row[]; readonly rowCount: number }>

const queueDefault = { operationsMax: 20_000, bytesMax: 64 * 1024 * 1024 }
const laneConnections = 4
const logConnections = 3
const writeSessions = 2
const readyMaxMs = 3_000
/** To look through a day of a hundred million deliveries. */
const forgetMaxMs = 600_000
/** Between looks whether the day ahead has its partitions. */
const dayAheadEveryMs = 3_600_000

/**
 * Opens the store on PostgreSQL 15 or newer, brings its schema up to date, and takes this node's share of the shards.
 *
 * @throws Error with one line to act on when the database cannot be reached or holds a newer schema
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { url } = options
  const queue = options.queue ?? queueDefault
  const onFault = options.onFault ?? (() => {})
  const onCommit = options.onCommit ?? (() => {})
  await migrate(url)

  const lanes = new Pool(url, laneConnections, plannedOnceByLoops, { lifetimeSeconds: plansLastSeconds })
  const log = new Pool(url, logConnections, plannedAnew)
  const sessions = new SessionPool(writeSessions, () => new Session(url, plannedAnew))
  const partitions = new Partitions(sessions)
  const forgetSessions = new SessionPool(
    1,
    () => new Session(url, { statement_timeout: String(forgetMaxMs) }, { answerMaxMs: 2 * forgetMaxMs }),
  )
  const forgetting = new Forgetting(forgetSessions, options.wholeDays === true)
  const keeper = new ShardKeeper(url, onFault)
  const notices = new Notices(url, log, keeper.nodeId, (webhookId) => keeper.owns(webhookId))
  const openToAccept = () => new Session(url, { ...plannedOnce, ...prompt.settings }, prompt)
  const accepting = new Accepting(openToAccept, partitions, queue, onCommit.bind(null, "accept"))
  const settling = new Settling(keeper, sessions, partitions, queue, onCommit.bind(null, "settle"))
  const read: Runner["run"] = (text, values) => log.run(text, values)
  const fill: Runner["run"] = (text, values) => lanes.run(text, values)
  const waitingReads = new WaitingReads(fill)
  let closing: Promise<void> | null = null

  const makeAhead = () =>
    partitions.ensure([dayOf(Date.now()), dayOf(Date.now()) + 1]).catch((fault: unknown) => {
      if (!(fault instanceof StoreUnavailable)) onFault(fault, "making the partitions of the day ahead")
    })
  const aheadTimer = setInterval(makeAhead, dayAheadEveryMs)
  aheadTimer.unref()

  async function close(): Promise<void> {
    clearInterval(aheadTimer)
    await Promise.all([accepting.close(), settling.close()])
    await notices.stop()
    await keeper.stop()
    await Promise.all([lanes.close(), log.close(), sessions.close(), forgetSessions.close()])
  }

  try {
    await makeAhead()
    await keeper.start()
    await notices.start()
  } catch (error) {
    await close()
    throw new Error(`TOCSIN_DATABASE_URL: the database cannot be used: ${reasonOf(error)}`, { cause: error })
  }

  async function checked(): Promise<string | null> {
    if (closing !== null) return "The store is closed."
    try {
      // Only a write tells whether the database takes one.
      await read("UPDATE nodes SET beaten_at = beaten_at WHERE node_id = $1", [keeper.nodeId])
    } catch (error) {
      return reasonOf(error)
    }
    return keeper.connected ? null : "This node is not connected to the database to hold its webhooks yet."
  }

  /** The owners of the webhooks that an event goes to. */
  function tellOf(workspaceId: WorkspaceId, { deliveries }: NewEvent): void {
    for (const { webhookId } of deliveries) notices.tell(workspaceId, webhookId, "new")
  }

  return {
    ownership: keeper,
    signals: notices,
    relay: notices,
    agreeing: agreeing(read),
    counters: {
      table: "rate_limits",
      query: async ({ text, values }) => {
        const rows = await read(text, values)
        return { rows, rowCount: rows.length }
      },
    },

    accept: async (acceptance) => {
      const outcome = await accepting.accept(acceptance)
      if (outcome.outcome === "accepted")
        for (const [index, { duplicate }] of outcome.events.entries()) {
          const event = acceptance.events[index]
          if (!duplicate && event) tellOf(acceptance.workspaceId, event)
        }
      return outcome
    },
    acceptedBefore: (workspaceId, keys) => acceptedBefore(read, workspaceId, keys),
    settle: async (settlement) => {
      // In the order of the calls, though acceptances and settlements are committed side by side.
      const before = accepting.underWay(settlement.deliveryId)
      if (before !== undefined) await before
      const ours = await settling.settle(settlement)
      if (ours && settlement.brings) tellOf(settlement.workspaceId, settlement.brings)
      return ours
    },
    reopen: async (workspaceId, id, nowMs) => {
      const before = accepting.underWay(id)
      if (before !== undefined) await before
      const webhookId = await settling.reopen(workspaceId, id, nowMs)
      if (webhookId !== null) notices.tell(workspaceId, webhookId, "again")
      return webhookId
    },
    cancelWaiting: (workspaceId, webhookId, atMs, limit) => settling.cancelWaiting(workspaceId, webhookId, atMs, limit),
    configure: async (changes, entries, brings) => {
      const brought = brings ? [{ workspaceId: brings.workspaceId, events: [brings.event] }] : []
      await partitions.ensure(daysOf(brought))
      const outcome = await sessions.transaction(async (run) => {
        const done = await configure(run, changes, entries)
        if (done === "done" && brought.length > 0) await acceptKeyed({ run }, brought)
        return done
      })
      if (outcome === "done" && brings) tellOf(brings.workspaceId, brings.event)
      return outcome
    },
    touchKeys: (used) => touchKeys(read, used),
    note: (entry) => sessions.transaction((run) => note(run, entry)),
    putReplay: (job) => putReplay(read, job),
    cancelReplay: (...which) => sessions.transaction((run) => cancelReplay(run, ...which)),
    enqueue: async (job) => {
      await partitions.ensure(job.deliveries.map(({ id }) => dayOf(mintedMs(id))))
      const sequences = await sessions.transaction((run) => enqueue(run, job))
      if (sequences !== null && sequences.length > 0) notices.tell(job.workspaceId, job.webhookId, "new")
      return sequences
    },
    forget: async ({ beforeMs, deletedBeforeMs }, limit) => {
      const limitMs = options.wholeDays === true ? startOfDayMs(dayOf(beforeMs)) : beforeMs
      const more = await forgetting.step({ beforeMs: limitMs, deletedBeforeMs }, limit)
      partitions.forget(dayOf(limitMs))
      return more
    },

    waiting: (query) => waitingReads.read(query),
    nextDue: (workspaceId, webhookId, afterMs) => nextDue(fill, workspaceId, webhookId, afterMs),
    attemptsByMinute: (workspaceId, webhookId, sinceMs) => attemptsByMinute(fill, workspaceId, webhookId, sinceMs),
    backlogs: async () =>
      (await backlogs(read)).map(({ workspaceId, webhookId, waiting: count }) => ({
        workspaceId,
        webhookId,
        waiting: count,
      })),
    waitingSince: () => waitingSince(fill),

    loadConfig: () => loadConfig(read),
    keyLastUsed: (workspaceId) => keyLastUsed(read, workspaceId),
    health: (workspaceId, webhookIds) => health(read, workspaceId, webhookIds),
    stats: (workspaceId, webhookId, sinceMs, nowMs, points) =>
      stats(read, workspaceId, webhookId, sinceMs, nowMs, points),
    event: (workspaceId, id) => event(read, workspaceId, id),
    events: (workspaceId, filter, page, signal) => events(read, workspaceId, filter, page, signal),
    delivery: (workspaceId, id) => delivery(read, workspaceId, id),
    deliveries: (workspaceId, filter, page, signal) => deliveries(read, workspaceId, filter, page, signal),
    attempts: (workspaceId, id) => attempts(read, workspaceId, id),
    audit: (workspaceId, page) => audit(read, workspaceId, page),
    auditChain: (workspaceId, afterSequence, limit) => auditChain(read, workspaceId, afterSequence, limit),
    auditHead: (workspaceId) => auditHead(read, workspaceId),
    replay: (workspaceId, id) => replay(read, workspaceId, id),
    openReplays: () => openReplays(read),
    replayCandidates: (job, afterId, limit) => replayCandidates(read, job, afterId, limit),

    ready: () => {
      const late = new Promise<string>((resolve) => {
        setTimeout(resolve, readyMaxMs, "The database does not answer.").unref()
      })
      return Promise.race([checked(), late])
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

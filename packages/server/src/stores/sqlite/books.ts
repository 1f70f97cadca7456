import type { DatabaseSync } from "node:sqlite"
import type { WebhookId, WorkspaceId } from "../../domain/ids.ts"
import { histogramIn, LatencyTally } from "../../domain/latency-histogram.ts"
import { number, numberOrNull, reader, writer } from "./prepared.ts"
import type { Bucket } from "./states.ts"

export type Counters = {
  lastSequence: number
  waiting: number
  consecutiveFailures: number
  failingSinceMs: number | null
  lastSuccessMs: number | null
}

type Count = Bucket | "succeeded" | "failed"
type Minute = Record<Count, number> & { latencies: LatencyTally | null }

const minuteMs = 60_000

/**
 * What every write of a batch needs to know and changes a little: the numbers that stand for ids, and the counters of
 * webhooks. Kept in memory between commits, which is sound because this process is the only writer, and written once
 * per commit and webhook instead of once per delivery.
 */
export class Books {
  readonly #workspaces = new Map<string, number>()
  readonly #webhooks = new Map<number, Map<string, number>>()
  readonly #counters = new Map<number, Counters>()
  readonly #changed = new Set<number>()
  /** Changes of this batch, by webhook and minute. */
  readonly #minutes = new Map<number, Map<number, Minute>>()
  /** What is stored of each webhook's newest minute: nearly always the one to be added to, so it is not read back. */
  readonly #latencies = new Map<number, { readonly minute: number; readonly tally: LatencyTally }>()
  readonly #findWorkspace
  readonly #addWorkspace
  readonly #findWebhook
  readonly #addWebhook
  readonly #readCounters
  readonly #writeCounters
  readonly #addMinute
  readonly #readLatencies

  constructor(db: DatabaseSync) {
    this.#findWorkspace = reader(db, "SELECT num FROM workspaces WHERE id = ?")
    this.#addWorkspace = reader(db, "INSERT INTO workspaces (id) VALUES (?) RETURNING num")
    this.#findWebhook = reader(db, "SELECT num FROM webhooks WHERE workspace = ? AND id = ?")
    this.#addWebhook = reader(db, "INSERT INTO webhooks (workspace, id) VALUES (?, ?) RETURNING num")
    this.#readCounters = reader(
      db,
      `SELECT last_sequence, waiting, consecutive_failures, failing_since_ms, last_success_ms
       FROM webhook_counters WHERE webhook = ?`,
    )
    this.#writeCounters = writer(
      db,
      `INSERT OR REPLACE INTO webhook_counters
       (webhook, last_sequence, waiting, consecutive_failures, failing_since_ms, last_success_ms) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    this.#addMinute = writer(
      db,
      `INSERT INTO webhook_minutes
       (webhook, minute, pending, retrying, delivered, exhausted, expired, cancelled, succeeded, failed, latencies)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET pending = pending + excluded.pending, retrying = retrying + excluded.retrying,
         delivered = delivered + excluded.delivered, exhausted = exhausted + excluded.exhausted,
         expired = expired + excluded.expired, cancelled = cancelled + excluded.cancelled,
         succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
         latencies = coalesce(excluded.latencies, latencies)`,
    )
    this.#readLatencies = reader(db, "SELECT latencies FROM webhook_minutes WHERE webhook = ? AND minute = ?")
  }

  /** The number of a workspace; null when nothing was ever stored for it. */
  knownWorkspace(id: WorkspaceId): number | null {
    const cached = this.#workspaces.get(id)
    if (cached !== undefined) return cached
    const row = this.#findWorkspace.row(id)
    if (row === undefined) return null
    this.#workspaces.set(id, number(row[0]))
    return number(row[0])
  }

  workspace(id: WorkspaceId): number {
    const known = this.knownWorkspace(id)
    if (known !== null) return known
    const num = number(this.#addWorkspace.row(id)?.[0])
    this.#workspaces.set(id, num)
    return num
  }

  knownWebhook(workspace: number, id: WebhookId): number | null {
    const cached = this.#webhooks.get(workspace)?.get(id)
    if (cached !== undefined) return cached
    const row = this.#findWebhook.row(workspace, id)
    if (row === undefined) return null
    return this.#remember(workspace, id, number(row[0]))
  }

  webhook(workspace: number, id: WebhookId): number {
    return (
      this.knownWebhook(workspace, id) ??
      this.#remember(workspace, id, number(this.#addWebhook.row(workspace, id)?.[0]))
    )
  }

  #remember(workspace: number, id: WebhookId, num: number): number {
    let ids = this.#webhooks.get(workspace)
    if (ids === undefined) {
      ids = new Map()
      this.#webhooks.set(workspace, ids)
    }
    ids.set(id, num)
    return num
  }

  /** The counters of a webhook, to be changed in place: `flush` writes them. */
  change(webhook: number): Counters {
    this.#changed.add(webhook)
    const cached = this.#counters.get(webhook)
    if (cached !== undefined) return cached
    const row = this.#readCounters.row(webhook)
    const counters: Counters =
      row === undefined
        ? { lastSequence: 0, waiting: 0, consecutiveFailures: 0, failingSinceMs: null, lastSuccessMs: null }
        : {
            lastSequence: number(row[0]),
            waiting: number(row[1]),
            consecutiveFailures: number(row[2]),
            failingSinceMs: numberOrNull(row[3]),
            lastSuccessMs: numberOrNull(row[4]),
          }
    this.#counters.set(webhook, counters)
    return counters
  }

  /** Adds to what a webhook's minute counts. */
  count(webhook: number, atMs: number, column: Count, change: 1 | -1): void {
    this.#minute(webhook, atMs)[column] += change
  }

  /** Adds an attempt that got a response to the latencies of its minute. */
  took(webhook: number, atMs: number, durationMs: number): void {
    const minute = this.#minute(webhook, atMs)
    minute.latencies ??= new LatencyTally()
    minute.latencies.add(durationMs)
  }

  #minute(webhook: number, atMs: number): Minute {
    let minutes = this.#minutes.get(webhook)
    if (minutes === undefined) {
      minutes = new Map()
      this.#minutes.set(webhook, minutes)
    }
    const at = Math.floor(atMs / minuteMs)
    let minute = minutes.get(at)
    if (minute === undefined) {
      minute = {
        pending: 0,
        retrying: 0,
        delivered: 0,
        exhausted: 0,
        expired: 0,
        cancelled: 0,
        succeeded: 0,
        failed: 0,
        latencies: null,
      }
      minutes.set(at, minute)
    }
    return minute
  }

  /** All that is counted of a minute, this batch included: it is stored whole. */
  #latenciesWith(webhook: number, minute: number, added: LatencyTally): string {
    const kept = this.#latencies.get(webhook)
    let tally = kept?.minute === minute ? kept.tally : null
    if (tally === null) {
      const stored = this.#readLatencies.row(webhook, minute)?.[0]
      tally = new LatencyTally()
      if (typeof stored === "string") tally.merge(histogramIn(stored))
      // An attempt that took long is settled after others of a later minute, which will go on.
      if (kept === undefined || kept.minute < minute) this.#latencies.set(webhook, { minute, tally })
    }
    return JSON.stringify(tally.merge(added.histogram()).histogram())
  }

  /** Writes what has changed; the last act of a transaction before its commit. */
  flush(): void {
    for (const webhook of this.#changed) {
      const now = this.change(webhook)
      this.#writeCounters(
        webhook,
        now.lastSequence,
        now.waiting,
        now.consecutiveFailures,
        now.failingSinceMs,
        now.lastSuccessMs,
      )
    }
    this.#changed.clear()
    for (const [webhook, minutes] of this.#minutes)
      for (const [at, by] of minutes)
        this.#addMinute(
          webhook,
          at,
          by.pending,
          by.retrying,
          by.delivered,
          by.exhausted,
          by.expired,
          by.cancelled,
          by.succeeded,
          by.failed,
          by.latencies === null ? null : this.#latenciesWith(webhook, at, by.latencies),
        )
    this.#minutes.clear()
  }

  /** After a rollback, and after rows were removed: what is in memory may no longer be what is stored. */
  reread(): void {
    this.#workspaces.clear()
    this.#webhooks.clear()
    this.#counters.clear()
    this.#changed.clear()
    this.#minutes.clear()
    this.#latencies.clear()
  }
}

import type { DatabaseSync } from "node:sqlite"
import { histogramIn, LatencyTally } from "../../../domain/latency-histogram.ts"
import { reader, writer } from "../prepared.ts"
import type { Bucket } from "../states.ts"

type Count = Bucket | "succeeded" | "failed"
type Minute = Record<Count, number> & { latencies: LatencyTally | null }

/** What is added to the webhooks' minutes (`webhook_minutes`) since they were last written. */
export class MinutePages {
  readonly #minutes = new Map<number, Map<number, Minute>>()
  /** What is stored of each webhook's newest minute: nearly always the one to be added to, so it is not read back. */
  readonly #latencies = new Map<number, { readonly minute: number; readonly tally: LatencyTally }>()
  readonly #add
  readonly #readLatencies

  constructor(db: DatabaseSync) {
    this.#add = writer(
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

  /** What is added to a minute, to be changed in place. */
  change(webhook: number, at: number): Minute {
    let minutes = this.#minutes.get(webhook)
    if (minutes === undefined) {
      minutes = new Map()
      this.#minutes.set(webhook, minutes)
    }
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

  /** All that is counted of a minute, with what is added: it is stored whole. */
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

  write(): void {
    for (const [webhook, minutes] of this.#minutes)
      for (const [at, by] of minutes)
        this.#add(
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

  /** What is in memory may no longer be what is stored. */
  reread(): void {
    this.#minutes.clear()
    this.#latencies.clear()
  }
}

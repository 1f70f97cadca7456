import type { DatabaseSync } from "node:sqlite"
import type { HealthCounts } from "../../../domain/webhook-health.ts"
import { number, numberOrNull, reader, writer } from "../prepared.ts"

export type Counters = HealthCounts & {
  lastSequence: number
  waiting: number
}

/** The counters of webhooks (`webhook_counters`), in memory from their first use on. */
export class CounterPages {
  readonly #counters = new Map<number, Counters>()
  readonly #changed = new Set<number>()
  readonly #read
  readonly #write

  constructor(db: DatabaseSync) {
    this.#read = reader(
      db,
      `SELECT last_sequence, waiting, consecutive_failures, failing_since_ms, last_success_ms
       FROM webhook_counters WHERE webhook = ?`,
    )
    this.#write = writer(
      db,
      `INSERT OR REPLACE INTO webhook_counters
       (webhook, last_sequence, waiting, consecutive_failures, failing_since_ms, last_success_ms) VALUES (?, ?, ?, ?, ?, ?)`,
    )
  }

  get webhooks(): number {
    return this.#counters.size
  }

  /** The counters of a webhook, to be changed in place. */
  change(webhook: number): Counters {
    this.#changed.add(webhook)
    let counters = this.#counters.get(webhook)
    if (counters === undefined) {
      counters = this.#stored(webhook)
      this.#counters.set(webhook, counters)
    }
    return counters
  }

  #stored(webhook: number): Counters {
    const row = this.#read.row(webhook)
    if (row === undefined)
      return { lastSequence: 0, waiting: 0, consecutiveFailures: 0, failingSinceMs: null, lastSuccessMs: null }
    return {
      lastSequence: number(row[0]),
      waiting: number(row[1]),
      consecutiveFailures: number(row[2]),
      failingSinceMs: numberOrNull(row[3]),
      lastSuccessMs: numberOrNull(row[4]),
    }
  }

  write(): void {
    for (const webhook of this.#changed) {
      const now = this.change(webhook)
      this.#write(
        webhook,
        now.lastSequence,
        now.waiting,
        now.consecutiveFailures,
        now.failingSinceMs,
        now.lastSuccessMs,
      )
    }
    this.#changed.clear()
  }

  /** What is in memory may no longer be what is stored. */
  reread(): void {
    this.#counters.clear()
    this.#changed.clear()
  }
}

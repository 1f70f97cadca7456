import type { DatabaseSync } from "node:sqlite"
import { LatencyTally } from "../../../domain/latency-histogram.ts"
import { countAttempt } from "../../../domain/webhook-health.ts"
import { type Bucket, isWaitingBucket } from "../states.ts"
import { CounterPages } from "./counters.ts"
import type { Entries } from "./entries.ts"
import { MinutePages } from "./minutes.ts"

/** What the entries add up to, in memory until it is written. */
export class Ledger implements Entries {
  readonly #counters: CounterPages
  readonly #minutes: MinutePages
  /** How many are not written yet. */
  #entries = 0

  constructor(db: DatabaseSync) {
    this.#counters = new CounterPages(db)
    this.#minutes = new MinutePages(db)
  }

  get entries(): number {
    return this.#entries
  }

  /** Of how many something is in memory. */
  get webhooks(): number {
    return this.#counters.webhooks
  }

  lastSequence(webhook: number): number {
    return this.#counters.change(webhook).lastSequence
  }

  added(webhook: number, minute: number): void {
    this.#entries += 1
    const counters = this.#counters.change(webhook)
    counters.lastSequence += 1
    counters.waiting += 1
    this.#minutes.change(webhook, minute).pending += 1
  }

  moved(webhook: number, minute: number, from: Bucket, to: Bucket): void {
    this.#entries += 1
    const change = Number(isWaitingBucket(to)) - Number(isWaitingBucket(from))
    if (change !== 0) this.#counters.change(webhook).waiting += change
    const counts = this.#minutes.change(webhook, minute)
    counts[from] -= 1
    counts[to] += 1
  }

  removed(webhook: number, minute: number, from: Bucket): void {
    this.#entries += 1
    this.#minutes.change(webhook, minute)[from] -= 1
  }

  attempted(webhook: number, minute: number, succeeded: boolean, atMs: number, latencyStep: number | null): void {
    this.#entries += 1
    const counts = this.#minutes.change(webhook, minute)
    counts[succeeded ? "succeeded" : "failed"] += 1
    if (latencyStep !== null) {
      counts.latencies ??= new LatencyTally()
      counts.latencies.count(latencyStep, 1)
    }
    countAttempt(this.#counters.change(webhook), succeeded, atMs)
  }

  write(): void {
    this.#counters.write()
    this.#minutes.write()
    this.#entries = 0
  }

  /** What is in memory may no longer be what is stored. */
  reread(): void {
    this.#counters.reread()
    this.#minutes.reread()
    this.#entries = 0
  }
}

import type { WaitingDelivery } from "../../domain/delivery.ts"
import type { WaitingRead } from "../../ports/store.ts"

export type BoundedRead = { readonly read: WaitingRead; readonly limit: number }

/** What a read of the store found. */
export type Fill = {
  readonly rows: readonly WaitingDelivery[]
  /** False when the read's limit cut it off. */
  readonly all: boolean
  /** For `retries`: the earliest due after the read's moment; null without any. */
  readonly nextDueMs: number | null
}

/**
 * The waiting deliveries of one webhook, in the order that its `ordering` asks for. Only a bounded part is held in
 * memory; the store has them all, and whatever is dropped here is read from it again. Plain state, no I/O: the
 * dispatcher does the reading and the sending.
 */
export interface Lanes {
  /**
   * A delivery that has just become durable.
   * @param contiguous false when others before it may not have come through here: they are then read from the store.
   */
  push(delivery: WaitingDelivery, contiguous: boolean): void
  /** The next that may be sent now; it counts as in flight until `ended` or `retried`. */
  take(nowMs: number): WaitingDelivery | null
  /** Whether `take` would give one. */
  canTake(nowMs: number): boolean
  /** An in-flight one has left the waiting state, durably. */
  ended(delivery: WaitingDelivery): void
  /** An in-flight one is to be tried again, durably. */
  retried(delivery: WaitingDelivery, dueMs: number): void
  /** The read that is needed next; null when none is, or when one is under way. Starts it: `filled` must follow. */
  startRead(nowMs: number): BoundedRead | null
  /** How many may be in flight: lanes that send many at once hold more in memory. */
  pace(parallel: number): void
  filled(read: WaitingRead, fill: Fill, nowMs: number): void
  /** The read failed; it will be wanted again. */
  unread(read: WaitingRead): void
  /** New deliveries may have been stored that did not come through `push`. */
  missed(): void
  /** Due times in the store may have changed (a retry was asked for): look at everything anew. */
  wake(): void
  /** When time alone will make something possible; Infinity when never. */
  wakeAtMs(): number
  /** Forgets what is buffered, not what is in flight. */
  drop(): void
}

/** How much all lanes together may hold in memory. */
export class Room {
  readonly #max: number
  #used = 0

  constructor(max: number) {
    this.#max = max
  }

  /** @returns false, and nothing taken, when there is none left. */
  take(): boolean {
    if (this.#used >= this.#max) return false
    this.#used++
    return true
  }

  give(count: number): void {
    this.#used -= count
  }

  isFull(): boolean {
    return this.#used >= this.#max
  }

  /** How many of `wanted` to read: what there is room for, and at least one, so that no lane stands still. */
  appetite(wanted: number): number {
    return Math.max(1, Math.min(wanted, this.#max - this.#used))
  }
}

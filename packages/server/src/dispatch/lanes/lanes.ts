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

/** How much all lanes together may hold in memory, in characters of the bodies: about bytes. */
export class Room {
  readonly #max: number
  #used = 0

  constructor(max: number) {
    this.#max = max
  }

  /** @returns false, and nothing taken, when there is not enough left. */
  take(delivery: WaitingDelivery): boolean {
    if (this.#used + delivery.body.length > this.#max) return false
    this.#used += delivery.body.length
    return true
  }

  /** Takes what there is no room for: the one that a lane needs in order not to stand still. */
  takeAnyway(delivery: WaitingDelivery): void {
    this.#used += delivery.body.length
  }

  give(deliveries: readonly WaitingDelivery[]): void {
    for (const { body } of deliveries) this.#used -= body.length
  }

  isFull(): boolean {
    return this.#used >= this.#max
  }
}

/** Characters of bodies that one read should bring at most. */
const readMax = 1024 * 1024
/** Rows of a first read: of the largest bodies there are, about as much as a read should bring. */
const firstLimit = 10

/** Chooses how many rows to read by what those before were like, so that large bodies do not come by the hundred. */
export class ReadSize {
  readonly #most: number
  #limit = firstLimit

  constructor(most: number) {
    this.#most = most
  }

  /** @param room when it is full only the one delivery is read that a lane needs to go on. */
  limit(wanted: number, room: Room): number {
    return room.isFull() ? 1 : Math.max(1, Math.min(wanted, this.#limit, this.#most))
  }

  learn(rows: readonly WaitingDelivery[]): void {
    if (rows.length === 0) return
    const size = rows.reduce((sum, { body }) => sum + body.length, 0)
    // At most twice as many as before: one small body says little of the next.
    this.#limit = Math.min(
      Math.floor((readMax * rows.length) / Math.max(1, size)) + 1,
      Math.max(firstLimit, this.#limit * 2),
    )
  }
}

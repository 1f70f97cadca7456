import type { WaitingDelivery } from "../../domain/delivery.ts"
import type { DeliveryId } from "../../domain/ids.ts"
import type { WaitingRead } from "../../ports/store.ts"
import { type BoundedRead, type Fill, type Lanes, ReadSize, type Room } from "./lanes.ts"

/** Buffered for each that may be in flight. With ten, the buffers of 100 webhooks were 30 MiB that lived long enough to be collected dearly. */
const bufferedPerFlight = 4

/**
 * `ordering: none`: whatever is due may be sent. Reads overlap with flights here, so a row may be read while its
 * delivery is on its way or has just ended: such rows are known by id and left out.
 */
export class ParallelLanes implements Lanes {
  readonly #room: Room
  readonly #size = new ReadSize(Number.POSITIVE_INFINITY)
  #buffer: WaitingDelivery[] = []
  #bufferedMax = bufferedPerFlight
  /** Buffered or in flight. */
  readonly #held = new Set<DeliveryId>()
  /** Landed since the present read began: the read may show them as they were before. */
  readonly #landedWhileReading = new Set<DeliveryId>()
  #reading = false
  #lastRead: WaitingRead["read"] = "fresh"
  /** The buffer was dropped while a read was under way, which does not have what was dropped. */
  #readIsStale = false
  /** The last read brought what there was no room for. */
  #cramped = false
  #missing = true
  #missedWhileReading = false
  /** Fresh ones up to this sequence have been here. */
  #loadedTo = 0
  /** The earliest retry in the store; 0: unknown, look. */
  #retryDueMs = 0
  #retryDueWhileReadingMs = Number.POSITIVE_INFINITY
  /** In flight when something had come back in the store: maybe one of these, which reads pass over until it has landed. */
  readonly #wokenInFlight = new Set<DeliveryId>()

  constructor(room: Room) {
    this.#room = room
  }

  push(delivery: WaitingDelivery, contiguous: boolean): void {
    if (
      contiguous &&
      !this.#missing &&
      !this.#reading &&
      this.#buffer.length < this.#bufferedMax &&
      this.#room.take(delivery)
    ) {
      this.#hold(delivery)
      this.#loadedTo = delivery.sequence
    } else {
      this.missed()
    }
  }

  canTake(): boolean {
    return this.#buffer.length > 0
  }

  take(): WaitingDelivery | null {
    const delivery = this.#buffer.shift()
    if (!delivery) return null
    this.#room.give([delivery])
    return delivery
  }

  ended(delivery: WaitingDelivery): void {
    this.#held.delete(delivery.id)
    if (this.#reading) this.#landedWhileReading.add(delivery.id)
    if (this.#wokenInFlight.delete(delivery.id)) this.#lookForRetries()
  }

  retried(delivery: WaitingDelivery, dueMs: number): void {
    this.ended(delivery)
    this.#retryDueMs = Math.min(this.#retryDueMs, dueMs)
    this.#retryDueWhileReadingMs = Math.min(this.#retryDueWhileReadingMs, dueMs)
  }

  startRead(nowMs: number): BoundedRead | null {
    // A quarter is left when the next ones are read, so that sending does not wait for the store.
    if (this.#reading || this.#buffer.length * 4 > this.#bufferedMax) return null
    // What it read now it could not keep: it goes on when its own buffer has been sent.
    if (this.#buffer.length > 0 && this.#cramped) return null
    const retriesDue = this.#retryDueMs <= nowMs
    if (!retriesDue && !this.#missing) return null
    // In turn, so that neither a flood of retries nor one of new events starves the other.
    const read = retriesDue && (this.#lastRead === "fresh" || !this.#missing) ? "retries" : "fresh"
    this.#lastRead = read
    this.#reading = true
    this.#readIsStale = false
    this.#missedWhileReading = false
    this.#retryDueWhileReadingMs = Number.POSITIVE_INFINITY
    const limit = this.#size.limit(this.#bufferedMax - this.#buffer.length, this.#room)
    if (read === "fresh") return { read: { read, afterSequence: this.#loadedTo }, limit }
    // Those on their way are still due in the store: beyond them, the read has to bring something new.
    return { read: { read, byMs: nowMs }, limit: limit + this.#held.size }
  }

  pace(parallel: number): void {
    this.#bufferedMax = parallel * bufferedPerFlight
  }

  filled(read: WaitingRead, { rows, all, nextDueMs }: Fill): void {
    this.#reading = false
    if (this.#readIsStale) return this.#landedWhileReading.clear()
    this.#size.learn(rows)
    let kept = true
    for (const row of rows) {
      if (this.#held.has(row.id) || this.#landedWhileReading.has(row.id)) {
        // Passed over for good: read again and again, a few in flight could hide all that stand behind them.
        if (read.read === "fresh") this.#loadedTo = row.sequence
        continue
      }
      // One is taken whatever the room: a full house must not stand still.
      if (!this.#room.take(row)) {
        if (this.#buffer.length > 0) {
          kept = false
          break
        }
        this.#room.takeAnyway(row)
      }
      this.#hold(row)
      if (read.read === "fresh") this.#loadedTo = row.sequence
    }
    this.#landedWhileReading.clear()
    this.#cramped = !kept
    if (read.read === "fresh") {
      this.#missing = !all || !kept || this.#missedWhileReading
    } else if (all && kept) {
      this.#retryDueMs = Math.min(nextDueMs ?? Number.POSITIVE_INFINITY, this.#retryDueWhileReadingMs)
    }
  }

  unread(): void {
    this.#reading = false
    this.#landedWhileReading.clear()
    this.missed()
  }

  missed(): void {
    this.#missing = true
    this.#missedWhileReading = true
  }

  wake(): void {
    for (const id of this.#held) this.#wokenInFlight.add(id)
    for (const { id } of this.#buffer) this.#wokenInFlight.delete(id)
    this.#lookForRetries()
    this.missed()
  }

  wakeAtMs(): number {
    if (this.#reading) return Number.POSITIVE_INFINITY
    return this.#missing ? 0 : this.#retryDueMs
  }

  drop(): void {
    for (const { id } of this.#buffer) this.#held.delete(id)
    this.#room.give(this.#buffer)
    this.#buffer = []
    this.#loadedTo = 0
    this.#readIsStale = true
    this.#lookForRetries()
    this.missed()
  }

  #lookForRetries(): void {
    this.#retryDueMs = 0
    this.#retryDueWhileReadingMs = 0
  }

  #hold(delivery: WaitingDelivery): void {
    this.#held.add(delivery.id)
    this.#buffer.push(delivery)
  }
}

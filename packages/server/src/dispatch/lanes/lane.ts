import type { WaitingDelivery } from "../../domain/delivery.ts"
import { type Fill, ReadSize, type Room } from "./lanes.ts"

const bufferedMax = 100

/**
 * When a delivery may be sent. One that has not failed in its present budget may be at once: comparing its acceptance
 * with the clock would hold it up whenever the clock is set back.
 */
export function startableAtMs(delivery: WaitingDelivery): number {
  return delivery.attempts > delivery.attemptsBefore ? delivery.dueMs : 0
}

/**
 * One after the other: the next is not sent before the one in flight has ended. While it waits for a retry it holds
 * nothing, so that ten thousand dead receivers cost no memory; the store is read again when the retry is due.
 */
export class Lane {
  readonly #room: Room
  #buffer: WaitingDelivery[] = []
  #flying: WaitingDelivery | null = null
  readonly #size = new ReadSize(bufferedMax)
  #reading = false
  /** The buffer was dropped, or due times changed, while a read was under way that may not know of it. */
  #readIsStale = false
  /** The store may hold waiting deliveries of this lane that are not in the buffer. */
  #missing: boolean
  #missedWhileReading = false
  #blockedUntilMs = 0
  /** Something earlier than the one in flight may have come back: a person asked for a retry. */
  #wokenInFlight = false
  /** How many gaps there had been among all lanes' pushes when it last read what may lie in them. */
  #gapsRead: number

  constructor(room: Room, missing: boolean, gaps = 0) {
    this.#room = room
    this.#missing = missing
    this.#gapsRead = gaps
  }

  /** @param gaps so far: what lies in one that came since the last read belongs before this. */
  push(delivery: WaitingDelivery, contiguous: boolean, gaps = 0): void {
    const complete = contiguous && gaps === this.#gapsRead && !this.#missing && !this.#reading
    const holds = complete && this.#buffer.length < bufferedMax && this.#room.take(delivery)
    if (holds) this.#buffer.push(delivery)
    else this.markMissing()
  }

  markMissing(): void {
    this.#missing = true
    this.#missedWhileReading = true
  }

  canTake(nowMs: number): boolean {
    const head = this.#buffer[0]
    return this.#flying === null && head !== undefined && startableAtMs(head) <= nowMs
  }

  take(nowMs: number): WaitingDelivery | null {
    if (!this.canTake(nowMs)) return null
    this.#flying = this.#buffer.shift() ?? null
    if (this.#flying) this.#room.give([this.#flying])
    return this.#flying
  }

  ended(): void {
    this.#flying = null
    this.#wokenInFlight = false
  }

  retried(dueMs: number): void {
    this.#flying = null
    this.drop()
    this.#blockedUntilMs = this.#wokenInFlight ? 0 : dueMs
    this.#wokenInFlight = false
  }

  /** Reads only when nothing is in flight: what is read is then neither on its way nor just delivered. */
  wantsRead(nowMs: number): boolean {
    return (
      this.#missing &&
      !this.#reading &&
      this.#flying === null &&
      this.#buffer.length === 0 &&
      this.#blockedUntilMs <= nowMs
    )
  }

  /** @returns how many rows to read. */
  startRead(gaps = 0): number {
    this.#reading = true
    this.#gapsRead = gaps
    this.#missedWhileReading = false
    this.#readIsStale = false
    return this.#size.limit(bufferedMax, this.#room)
  }

  unread(): void {
    this.#reading = false
    this.#missing = true
  }

  filled({ rows, all }: Fill, nowMs: number): void {
    this.#reading = false
    if (this.#readIsStale) return
    this.#size.learn(rows)
    const head = rows[0]
    this.#missing = !all || this.#missedWhileReading
    this.#blockedUntilMs = 0
    if (!head) return
    if (startableAtMs(head) > nowMs) {
      this.#missing = true
      this.#blockedUntilMs = startableAtMs(head)
      return
    }
    for (const row of rows) {
      if (!this.#room.take(row)) {
        if (this.#buffer.length > 0) {
          this.#missing = true
          break
        }
        this.#room.takeAnyway(row)
      }
      this.#buffer.push(row)
    }
  }

  wake(): void {
    this.drop()
    this.#blockedUntilMs = 0
    this.#missedWhileReading = true
    this.#wokenInFlight = this.#flying !== null
  }

  drop(): void {
    this.#room.give(this.#buffer)
    this.#buffer = []
    this.#missing = true
    this.#readIsStale = true
  }

  wakeAtMs(): number {
    if (this.#flying !== null || this.#reading) return Number.POSITIVE_INFINITY
    const head = this.#buffer[0]
    if (head) return startableAtMs(head)
    return this.#missing ? this.#blockedUntilMs : Number.POSITIVE_INFINITY
  }

  hasBuffered(): boolean {
    return this.#buffer.length > 0
  }

  /** Nothing in flight, buffered, or left in the store: it need not be remembered. */
  isIdle(): boolean {
    return this.#flying === null && this.#buffer.length === 0 && !this.#missing && !this.#reading
  }
}

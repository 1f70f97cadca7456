import TinyQueue from "tinyqueue"
import type { Clock } from "../ports/clock.ts"

type Timer = {
  readonly atMs: number
  readonly order: number
  readonly call: () => void
  /** Nothing that is awaited follows from it. */
  readonly alone: boolean
  cancelled: boolean
}

/** Time that passes only when told to: hours of retries in a moment, and the same each time. */
export class VirtualClock implements Clock {
  #nowMs: number
  readonly #startMs: number
  /** What the wall clock shows differs from the time that has passed once someone has set it. */
  #setByMs = 0
  #order = 0
  readonly #timers = new TinyQueue<Timer>([], (a, b) => a.atMs - b.atMs || a.order - b.order)

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = startMs
    this.#startMs = startMs
  }

  now(): number {
    return this.#nowMs + this.#setByMs
  }

  monotonic(): number {
    return this.#nowMs - this.#startMs
  }

  after(delayMs: number, call: () => void): () => void {
    return this.#set(delayMs, call, false)
  }

  /** As `after`, for a call that settles no promise: time goes on at once, which is a hundred times cheaper. */
  tick(delayMs: number, call: () => void): () => void {
    return this.#set(delayMs, call, true)
  }

  #set(delayMs: number, call: () => void, alone: boolean): () => void {
    const atMs = this.#nowMs + Math.max(0, delayMs)
    const timer: Timer = { atMs, order: this.#order++, call, alone, cancelled: false }
    this.#timers.push(timer)
    return () => {
      timer.cancelled = true
    }
  }

  /** Sets the wall clock forward or, with a negative number, back. */
  jump(byMs: number): void {
    this.#setByMs += byMs
  }

  /**
   * Lets time pass; what falls due runs in order, each with all that follows from it at once.
   *
   * @param afterEach called after each; true ends it there, with the time as it then is.
   */
  async advance(byMs: number, afterEach: () => boolean = () => false): Promise<void> {
    const untilMs = this.#nowMs + byMs
    await settled()
    for (let next = this.#timers.peek(); next && next.atMs <= untilMs; next = this.#timers.peek()) {
      this.#timers.pop()
      if (next.cancelled) continue
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.call()
      if (!next.alone) await settled()
      if (afterEach()) return
    }
    this.#nowMs = untilMs
  }

  /** Lets time pass until something holds. @throws Error when it does not within `withinMs`. */
  async until(holds: () => boolean, withinMs: number, what: string): Promise<void> {
    const endMs = this.#nowMs + withinMs
    await settled()
    while (!holds()) {
      const next = this.#timers.peek()
      if (!next || next.atMs > endMs) throw new Error(`did not come about within ${withinMs} ms: ${what}`)
      await this.advance(Math.max(0, next.atMs - this.#nowMs))
    }
  }
}

/** All promises that can resolve without time passing have. */
async function settled(): Promise<void> {
  // A macrotask runs only after every microtask, those included that microtasks make.
  await new Promise<void>((resolve) => setImmediate(resolve))
}

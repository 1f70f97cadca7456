import type { Clock } from "../../../src/ports/clock.ts"
import type { VirtualClock } from "../../../src/system/virtual-clock.ts"
import type { Lifeline } from "./lifeline.ts"

/** What the wall clock of a machine shows differs from the time that has passed once someone has set it. */
export type Machine = {
  setByMs: number
  /** The latest time that it showed before it was set. */
  highestMs: number
}

/** Time as a process on a machine has it: its timers end with it, and wait while it is paused. */
export class MachineClock implements Clock {
  readonly #clock: VirtualClock
  readonly #machine: Machine
  readonly #lifeline: Lifeline

  constructor(clock: VirtualClock, machine: Machine, lifeline: Lifeline) {
    this.#clock = clock
    this.#machine = machine
    this.#lifeline = lifeline
  }

  now(): number {
    return this.#clock.now() + this.#machine.setByMs
  }

  monotonic(): number {
    return this.#clock.monotonic()
  }

  after(delayMs: number, call: () => void): () => void {
    if (this.#lifeline.dead) return () => {}
    let cancelled = false
    const cancel = this.#clock.after(delayMs, () =>
      // Cancelled while it waited for a paused process, it is not called.
      this.#lifeline.hear(() => {
        if (!cancelled) call()
      }),
    )
    return () => {
      cancelled = true
      cancel()
    }
  }
}

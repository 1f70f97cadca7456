import type { VirtualClock } from "../../../src/system/virtual-clock.ts"
import { type Lifeline, never } from "./lifeline.ts"

/** How long a call is on its way, and its answer. */
export type Latency = () => { readonly thereMs: number; readonly backMs: number }

type Call = { readonly act: () => void; done: boolean }

/**
 * The way from a process to its storage and back: calls take effect in the order in which they were made, answers come
 * in that order too, and both take time, so that a process can die before an effect, between it and its answer, and
 * after.
 */
export class Channel {
  readonly #clock: VirtualClock
  readonly #lifeline: Lifeline
  readonly #latency: Latency
  #thereMs = 0
  #backMs = 0
  #calls: Call[] = []

  constructor(clock: VirtualClock, lifeline: Lifeline, latency: Latency) {
    this.#clock = clock
    this.#lifeline = lifeline
    this.#latency = latency
  }

  /** @param effect at the other end; what it throws is the answer too. */
  call<Value>(effect: () => Value | Promise<Value>): Promise<Value> {
    if (!this.#lifeline.asks()) return never()
    return new Promise((resolve, reject) => {
      const { thereMs, backMs } = this.#latency()
      const nowMs = this.#clock.monotonic()
      this.#thereMs = Math.max(this.#thereMs, nowMs + thereMs)
      this.#backMs = Math.max(this.#backMs, this.#thereMs + backMs)
      const backAtMs = this.#backMs
      const answer = (heard: () => void) =>
        this.#clock.after(backAtMs - this.#clock.monotonic(), () => this.#lifeline.hear(heard))
      const act = async () => {
        try {
          const value = await effect()
          answer(() => resolve(value))
        } catch (error) {
          answer(() => reject(error))
        }
      }
      const call: Call = { act: () => void act(), done: false }
      this.#calls.push(call)
      this.#clock.after(this.#thereMs - nowMs, () => this.#arrive(call))
    })
  }

  /** The process has died: of the calls on their way the first few still take effect, the others are lost. */
  cutShort(random: { below(limit: number): number }): void {
    const onTheirWay = this.#calls
    this.#calls = []
    const arriving = random.below(onTheirWay.length + 1)
    for (const [index, call] of onTheirWay.entries()) {
      call.done = true
      if (index < arriving) call.act()
    }
  }

  #arrive(call: Call): void {
    if (call.done) return
    call.done = true
    // In the order of the calls, so it is the first.
    this.#calls.shift()
    call.act()
  }
}

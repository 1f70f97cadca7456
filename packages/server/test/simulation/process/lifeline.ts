import type { VirtualClock } from "../../../src/system/virtual-clock.ts"

type State = "running" | "paused" | "dead"

/**
 * What ties a process to the world outside: every call it makes and every answer it gets goes through here. Once cut,
 * the process is dead: nothing it calls has an effect any more, and nothing it waits for comes. While paused, what
 * comes to it waits; time goes on without it.
 */
export class Lifeline {
  readonly #clock: VirtualClock
  #state: State = "running"
  #waiting: (() => void)[] = []
  /** How many more crossings it lives; null: as long as nobody cuts it. */
  #crossingsLeft: number | null = null
  readonly #onDeath: () => void
  #crossings = 0

  constructor(clock: VirtualClock, onDeath: () => void = () => {}) {
    this.#clock = clock
    this.#onDeath = onDeath
  }

  get dead(): boolean {
    return this.#state === "dead"
  }

  get running(): boolean {
    return this.#state === "running"
  }

  /** Calls made and answers heard: each is an `await` at which the process may die. */
  get crossings(): number {
    return this.#crossings
  }

  /** The process is to die at the n-th crossing from now, whatever it is doing there. */
  dieAfter(crossings: number): void {
    this.#crossingsLeft = crossings
  }

  /** It is to live on. */
  spare(): void {
    this.#crossingsLeft = null
  }

  cut(): void {
    if (this.dead) return
    this.#state = "dead"
    this.#waiting = []
    this.#onDeath()
  }

  pause(): void {
    if (this.running) this.#state = "paused"
  }

  /** What came meanwhile is heard now, one after the other. */
  resume(): void {
    if (this.#state !== "paused") return
    this.#state = "running"
    for (const call of this.#waiting.splice(0)) this.#clock.after(0, () => this.hear(call))
  }

  /** The process asks something of the outside. @returns false when it is dead, and nothing is asked. */
  asks(): boolean {
    return this.#crosses()
  }

  /** Something comes to the process: an answer, or a time. */
  hear(call: () => void): void {
    if (this.#state === "paused") this.#waiting.push(call)
    else if (this.#crosses()) call()
  }

  /** An object of the outside as the process sees it. Calls that answer at once are no crossing. */
  through<Outside extends object>(outside: Outside): Outside {
    const lifeline = this
    return new Proxy(outside, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== "function") return member
        return (...args: unknown[]) => {
          if (!lifeline.asks()) return never()
          const result: unknown = Reflect.apply(member, target, args)
          return result instanceof Promise ? lifeline.answer(result) : result
        }
      },
    })
  }

  answer<Value>(outside: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      outside.then(
        (value) => this.hear(() => resolve(value)),
        (error: unknown) => this.hear(() => reject(error)),
      )
    })
  }

  #crosses(): boolean {
    if (this.dead) return false
    this.#crossings++
    if (this.#crossingsLeft === null || this.#crossingsLeft-- > 0) return true
    this.cut()
    return false
  }
}

/** What a dead process waits for. Another each time: one for all would hold on to everything that ever waited for it. */
export function never(): Promise<never> {
  return new Promise(() => {})
}

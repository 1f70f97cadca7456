import type { WebhookQueue } from "./webhook-queue.ts"

/**
 * How many attempts to one origin may be in flight, so that one that has gone silent cannot take the places of all others,
 * however many webhooks lead to it. Its webhooks take turns. More than there are connections to it: the thread that
 * posts shall not wait for this one.
 */
export class Origins {
  readonly #max: number
  readonly #inFlight = new Map<string, number>()
  /** Which origin an attempt in flight goes to. */
  readonly #of = new Map<object, string>()
  readonly #waiting = new Map<string, Set<WebhookQueue>>()

  constructor(max: number) {
    this.#max = max
  }

  hasFree(origin: string): boolean {
    return (this.#inFlight.get(origin) ?? 0) < this.#max
  }

  start(flight: object, origin: string): void {
    this.#inFlight.set(origin, (this.#inFlight.get(origin) ?? 0) + 1)
    this.#of.set(flight, origin)
  }

  /** The queue could start an attempt, but not to this origin. */
  wait(queue: WebhookQueue): void {
    const waiting = this.#waiting.get(queue.origin) ?? new Set()
    this.#waiting.set(queue.origin, waiting.add(queue))
  }

  /** @returns those whose turn it may be now, in order: as soon as one of them can start, the others wait on. */
  end(flight: object): Set<WebhookQueue> | null {
    const origin = this.#of.get(flight)
    if (origin === undefined) return null
    this.#of.delete(flight)
    const left = (this.#inFlight.get(origin) ?? 1) - 1
    if (left === 0) this.#inFlight.delete(origin)
    else this.#inFlight.set(origin, left)
    const waiting = this.#waiting.get(origin)
    if (waiting?.size === 0) this.#waiting.delete(origin)
    return waiting ?? null
  }
}

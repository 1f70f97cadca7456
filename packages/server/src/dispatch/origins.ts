import { Counts } from "./counts.ts"
import type { WebhookQueue } from "./webhook-queue.ts"

/**
 * How many attempts to one origin may be in flight, so that one that has gone silent cannot take the places of all others,
 * however many webhooks lead to it. Its webhooks take turns.
 */
export class Origins {
  readonly #max: number
  readonly #inFlight = new Counts<string>()
  /** Which origin an attempt in flight goes to. */
  readonly #of = new Map<object, string>()
  readonly #waiting = new Map<string, Set<WebhookQueue>>()

  constructor(max: number) {
    this.#max = max
  }

  hasFree(origin: string): boolean {
    return this.#inFlight.of(origin) < this.#max
  }

  start(flight: object, origin: string): void {
    this.#inFlight.more(origin)
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
    this.#inFlight.less(origin)
    const waiting = this.#waiting.get(origin)
    if (waiting?.size === 0) this.#waiting.delete(origin)
    return waiting ?? null
  }
}

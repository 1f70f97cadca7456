import type { WebhookId } from "../../src/domain/ids.ts"

/** What is wrong, and since when nothing has been: times are of the virtual clock, monotonic. */
export class Troubles {
  readonly #now: () => number
  readonly #open = new Map<string, number>()
  #lastMs = 0
  readonly #at = new Map<WebhookId, number>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Something begins that lasts until it is ended as often. */
  begin(what: string): void {
    this.#open.set(what, (this.#open.get(what) ?? 0) + 1)
  }

  end(what: string): void {
    const left = (this.#open.get(what) ?? 0) - 1
    if (left > 0) this.#open.set(what, left)
    else this.#open.delete(what)
    this.happened()
  }

  /** Something that is over at once. */
  happened(): void {
    this.#lastMs = this.#now()
  }

  happenedAt(webhookId: WebhookId): void {
    this.#at.set(webhookId, this.#now())
  }

  everywhereSinceMs(): number {
    return this.#open.size > 0 ? Number.POSITIVE_INFINITY : this.#lastMs
  }

  at(webhookId: WebhookId): number {
    return this.#at.get(webhookId) ?? 0
  }
}

import type { WaitingDelivery } from "../domain/delivery.ts"

/** With other nodes: longer than what one of them has stored takes to come at full load, mostly. */
export const earlyMaxMs = 100
const earlyMax = 32
/** Characters of a body. What is larger is not passed between nodes anyway, and is not in the lanes' room here. */
const earlyBodyMax = 8_000

/** `follows`: on the one before, so that nothing is between them. */
export type Arrived = { readonly delivery: WaitingDelivery; readonly follows: boolean }

/**
 * What is pushed for one webhook, in the order of its numbers. What several nodes store comes nearly in it: one that is a
 * little early is held back for a moment, for to read what is on its way already costs more than all that is done for it.
 */
export class Arrivals {
  readonly #maxMs: number
  /** Null: nothing has come yet. */
  #expected: number | null = null
  /** The highest that was passed on, whatever is forgotten since: what comes late may be over by now. */
  #highest = 0
  #early: WaitingDelivery[] = []
  #earlySinceMs = Number.POSITIVE_INFINITY

  /** @param maxMs how long one is held back at most; 0: never */
  constructor(maxMs: number) {
    this.#maxMs = maxMs
  }

  /** Whether this one and all before it have come, or what came has shown that some did not, or it is held back. */
  accountsFor(sequence: number): boolean {
    if (this.#expected === null) return false
    return sequence < this.#expected || this.#early.some((early) => early.sequence === sequence)
  }

  /** @returns what is to be passed on now. */
  take(delivery: WaitingDelivery, nowMs: number): readonly Arrived[] {
    const { sequence } = delivery
    if (this.accountsFor(sequence)) return []
    if (this.#expected !== null && sequence > this.#expected && this.#mayWait(delivery)) {
      if (this.#early.length === 0) this.#earlySinceMs = nowMs
      this.#early.push(delivery)
      return []
    }
    if (sequence !== this.#expected) return this.#all([delivery])
    return this.#passed([delivery, ...this.#next(sequence + 1)])
  }

  /**
   * What was stored up to this one is read, for it does not come. @param sequence null: nobody knows up to which.
   * @returns what is to be passed on now.
   */
  missed(sequence: number | null): readonly Arrived[] {
    if (sequence === null) {
      const held = this.#all([])
      this.forget()
      return held
    }
    if (this.#expected === null || sequence < this.#expected) return []
    this.#early = this.#early.filter((early) => early.sequence > sequence)
    this.#expected = sequence + 1
    return this.#passed(this.#next())
  }

  /** What has been held back for too long. @returns what is to be passed on now. */
  overdue(nowMs: number): readonly Arrived[] {
    const isDue = nowMs >= this.overdueAtMs() || nowMs < this.#earlySinceMs
    return this.#early.length > 0 && isDue ? this.#all([]) : []
  }

  /** Infinity when nothing is held back. */
  overdueAtMs(): number {
    return this.#early.length === 0 ? Number.POSITIVE_INFINITY : this.#earlySinceMs + this.#maxMs
  }

  /** Whatever comes next follows on nothing that is known; what is held back the store has. */
  forget(): void {
    this.#expected = null
    this.#early = []
  }

  #mayWait({ body }: WaitingDelivery): boolean {
    return this.#maxMs > 0 && this.#early.length < earlyMax && body.length <= earlyBodyMax
  }

  /** @returns what was held back and follows now. */
  #next(from = this.#expected): readonly WaitingDelivery[] {
    const next: WaitingDelivery[] = []
    for (let sequence = from; sequence !== null; sequence++) {
      const at = this.#early.findIndex((early) => early.sequence === sequence)
      if (at === -1) break
      next.push(...this.#early.splice(at, 1))
    }
    return next
  }

  #all(more: readonly WaitingDelivery[]): readonly Arrived[] {
    const all = [...this.#early, ...more].sort((a, b) => a.sequence - b.sequence)
    this.#early = []
    return this.#passed(all)
  }

  #passed(deliveries: readonly WaitingDelivery[]): readonly Arrived[] {
    return deliveries.map((delivery) => {
      const { sequence } = delivery
      const follows = sequence === this.#expected && sequence > this.#highest
      this.#expected = sequence + 1
      this.#highest = Math.max(this.#highest, sequence)
      return { delivery, follows }
    })
  }
}

/** Attempts younger than this count fully; older ones wait for a slow receiver. */
const slowAfterMs = 1_000

/**
 * How many attempts may be in flight. Slow ones are moved to a wider allowance, and those known to be slow begin there,
 * so that thousands of receivers that accept a connection and say nothing cannot take the places of those that answer.
 */
export class Slots {
  readonly #quickMax: number
  readonly #allMax: number
  /** In the order of their starts, so that the oldest are found first. */
  readonly #quick = new Map<object, number>()
  readonly #slow = new Set<object>()

  constructor(quickMax: number, allMax: number) {
    this.#quickMax = quickMax
    this.#allMax = allMax
  }

  /**
   * @param nowMs monotonic.
   * @param slow for a receiver that did not answer last time: it is given a slow one's place from the beginning.
   */
  hasFree(nowMs: number, slow: boolean): boolean {
    if (this.#quick.size + this.#slow.size >= this.#allMax) return false
    if (slow || this.#quick.size < this.#quickMax) return true
    for (const [flight, startedMs] of this.#quick) {
      if (nowMs - startedMs < slowAfterMs) break
      this.#quick.delete(flight)
      this.#slow.add(flight)
    }
    return this.#quick.size < this.#quickMax
  }

  start(flight: object, nowMs: number, slow: boolean): void {
    if (slow) this.#slow.add(flight)
    else this.#quick.set(flight, nowMs)
  }

  end(flight: object): void {
    if (!this.#quick.delete(flight)) this.#slow.delete(flight)
  }

  inFlight(): number {
    return this.#quick.size + this.#slow.size
  }
}

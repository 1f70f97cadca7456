import type { RateLimit } from "../domain/webhook.ts"
import type { AttemptsOfMinute } from "../ports/store.ts"

/** What began within this part of a period counts as begun with the last of it: a period is a few numbers, whatever it holds. */
const partsMax = 64

const lastOfMinuteMs = 59_999

type Part = { readonly firstMs: number; lastMs: number; taken: number }

/**
 * Holds the attempts of a webhook to its `rate_limit`: in no stretch of `perSeconds` do more than `requests` begin. A bucket
 * that is refilled meanwhile would let twice as many through after a pause, and a receiver that counts would refuse them.
 */
export class RateWindow {
  readonly #requests: number
  readonly #periodMs: number
  /** Of the last period, the oldest first. */
  #parts: Part[] = []
  #taken = 0
  #nowMs: number

  /**
   * @param minutes what is stored of the last period; as if all of a minute had begun at its end, if that is not to come.
   * @param underWay begun as well, and not stored yet.
   */
  constructor(limit: RateLimit, nowMs: number, minutes: readonly AttemptsOfMinute[] = [], underWay = 0) {
    this.#requests = limit.requests
    this.#periodMs = limit.perSeconds * 1000
    this.#nowMs = nowMs
    const earlier = minutes.map(({ minuteMs, attempts }) => ({ lastMs: minuteMs + lastOfMinuteMs, taken: attempts }))
    for (const { lastMs, taken } of [...earlier, { lastMs: nowMs, taken: underWay }]) {
      if (taken === 0) continue
      const atMs = Math.min(lastMs, nowMs)
      this.#parts.push({ firstMs: atMs, lastMs: atMs, taken })
      this.#taken += taken
    }
  }

  take(nowMs: number): void {
    this.#pass(nowMs)
    this.#taken += 1
    const last = this.#parts.at(-1)
    if (last !== undefined && nowMs - last.firstMs < this.#periodMs / partsMax) {
      last.lastMs = nowMs
      last.taken += 1
    } else this.#parts.push({ firstMs: nowMs, lastMs: nowMs, taken: 1 })
  }

  /** The one taken last was not made. */
  giveBack(): void {
    const last = this.#parts.at(-1)
    if (last === undefined) return
    last.taken -= 1
    this.#taken -= 1
    if (last.taken === 0) this.#parts.pop()
  }

  /** When the next may be taken; not later than `nowMs` when one may be now. */
  freeAtMs(nowMs: number): number {
    this.#pass(nowMs)
    const [oldest] = this.#parts
    return this.#taken < this.#requests || oldest === undefined ? nowMs : oldest.lastMs + this.#periodMs
  }

  #pass(nowMs: number): void {
    const backMs = this.#nowMs - nowMs
    this.#nowMs = nowMs
    // A clock set back gives nothing and takes nothing.
    if (backMs > 0)
      this.#parts = this.#parts.map(({ firstMs, lastMs, taken }) => ({
        firstMs: firstMs - backMs,
        lastMs: lastMs - backMs,
        taken,
      }))
    for (let [oldest] = this.#parts; oldest !== undefined; [oldest] = this.#parts) {
      if (oldest.lastMs + this.#periodMs > nowMs) return
      this.#taken -= oldest.taken
      this.#parts.shift()
    }
  }
}

import type { RateLimit } from "../domain/webhook.ts"
import type { Clock } from "../ports/clock.ts"
import type { AttemptsOfMinute } from "../ports/store.ts"

/** What began within this part of a period counts as begun with the last of it: a period is a few numbers, whatever it holds. */
const partsMax = 64

const lastOfMinuteMs = 59_999

type Part = { readonly firstMs: number; lastMs: number; taken: number }

/**
 * Holds the attempts of a webhook to its `rate_limit`: in no stretch of `perSeconds` do more than `requests` begin. A bucket
 * that is refilled meanwhile would let twice as many through after a pause, and a receiver that counts would refuse them.
 *
 * It goes by the time that never jumps: a wall clock that is set an hour ahead has let no hour pass for the receiver.
 */
export class RateWindow {
  readonly #clock: Pick<Clock, "monotonic">
  readonly #requests: number
  readonly #periodMs: number
  /** Of the last period, the oldest first. */
  readonly #parts: Part[] = []
  #taken = 0

  /**
   * @param minutes what is stored of the last period; as if all of a minute had begun at its end, if that is not to come.
   * @param underWay begun as well, and not stored yet.
   */
  constructor(
    limit: RateLimit,
    clock: Pick<Clock, "now" | "monotonic">,
    minutes: readonly AttemptsOfMinute[] = [],
    underWay = 0,
  ) {
    this.#clock = clock
    this.#requests = limit.requests
    this.#periodMs = limit.perSeconds * 1000
    const [wallMs, nowMs] = [clock.now(), clock.monotonic()]
    const earlier = minutes.map(({ minuteMs, attempts }) => ({ agoMs: wallMs - minuteMs - lastOfMinuteMs, attempts }))
    for (const { agoMs, attempts: taken } of [...earlier, { agoMs: 0, attempts: underWay }]) {
      if (taken === 0) continue
      const atMs = nowMs - Math.max(0, agoMs)
      this.#parts.push({ firstMs: atMs, lastMs: atMs, taken })
      this.#taken += taken
    }
  }

  take(): void {
    const nowMs = this.#pass()
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

  /** How long until the next may be taken; 0: it may be now. */
  freeInMs(): number {
    const nowMs = this.#pass()
    const [oldest] = this.#parts
    return this.#taken < this.#requests || oldest === undefined ? 0 : Math.ceil(oldest.lastMs + this.#periodMs - nowMs)
  }

  /** Forgets what is over. @returns the time now. */
  #pass(): number {
    const nowMs = this.#clock.monotonic()
    for (let [oldest] = this.#parts; oldest !== undefined; [oldest] = this.#parts) {
      if (oldest.lastMs + this.#periodMs > nowMs) break
      this.#taken -= oldest.taken
      this.#parts.shift()
    }
    return nowMs
  }
}

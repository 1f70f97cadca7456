import type { RateLimit } from "../domain/webhook.ts"

/**
 * Spaces the attempts of a webhook with a `rate_limit`: at most `requests` at once, refilled evenly over
 * `perSeconds`, so a burst after a pause is no larger than the limit itself.
 */
export class TokenBucket {
  readonly #limit: RateLimit
  #tokens: number
  #atMs: number

  constructor(limit: RateLimit, nowMs: number) {
    this.#limit = limit
    this.#tokens = limit.requests
    this.#atMs = nowMs
  }

  take(nowMs: number): void {
    this.#refill(nowMs)
    this.#tokens -= 1
  }

  giveBack(): void {
    this.#tokens = Math.min(this.#limit.requests, this.#tokens + 1)
  }

  /** When the next may be taken; not later than `nowMs` when one may be now. */
  freeAtMs(nowMs: number): number {
    this.#refill(nowMs)
    return this.#tokens >= 1 ? nowMs : nowMs + Math.ceil((1 - this.#tokens) * this.#msPerToken())
  }

  #refill(nowMs: number): void {
    // A clock set back gives nothing and takes nothing.
    const passedMs = Math.max(0, nowMs - this.#atMs)
    this.#atMs = nowMs
    this.#tokens = Math.min(this.#limit.requests, this.#tokens + passedMs / this.#msPerToken())
  }

  #msPerToken(): number {
    return (this.#limit.perSeconds * 1000) / this.#limit.requests
  }
}

import type { WebhookId } from "../../../src/domain/ids.ts"
import type { RateLimit, Webhook } from "../../../src/domain/webhook.ts"
import type { Life } from "../process/engine-process.ts"
import type { Verdicts } from "./verdicts.ts"

/** What one engine, under one limit and one clock, has begun; the oldest first. */
type Begun = {
  readonly life: Life
  readonly limit: RateLimit
  readonly setByMs: number
  readonly atMs: number[]
}

/**
 * Holds attempts to the `rate_limit` of their webhook: in no stretch of its period do more begin. Of one process: who owns
 * a webhook anew, or is given another limit, counts from then on; and a clock that is set says nothing about stretches.
 */
export class Rates {
  readonly #verdicts: Verdicts
  readonly #begun = new Map<WebhookId, Begun>()

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  began(life: Life, { id, rateLimit: limit }: Webhook): void {
    if (limit === null || life.member !== null) {
      this.#begun.delete(id)
      return
    }
    const { setByMs } = life.node.machine
    const known = this.#begun.get(id)
    const same = known?.life === life && known.limit === limit && known.setByMs === setByMs
    const begun = same ? known : { life, limit, setByMs, atMs: [] }
    this.#begun.set(id, begun)
    const nowMs = life.clock.now()
    const fromMs = nowMs - limit.perSeconds * 1000
    begun.atMs.push(nowMs)
    begun.atMs.splice(
      0,
      begun.atMs.findIndex((atMs) => atMs > fromMs),
    )
    this.#verdicts.hold(
      begun.atMs.length <= limit.requests,
      "the rate limit holds",
      () => `${begun.atMs.length} attempts for ${id} began within ${limit.perSeconds} s: ${limit.requests} may`,
    )
  }
}

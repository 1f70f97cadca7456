import type { WebhookId } from "../../../src/domain/ids.ts"
import type { Life } from "../process/engine-process.ts"
import type { Verdicts } from "./verdicts.ts"
import type { Flight } from "./witness.ts"

type Begun = { readonly flight: Flight; logged: boolean }

/** Longer than any period that is planned. */
const keptMs = 120_000

/**
 * Holds attempts to the `rate_limit` of their webhook: in no stretch of its period do more begin, whatever was restarted or
 * changed meanwhile. Of one node, for the clocks of several show different times; where a clock is set, it begins anew.
 */
export class Rates {
  readonly #verdicts: Verdicts
  /** The oldest first. */
  readonly #begun = new Map<WebhookId, Begun[]>()
  #setByMs = 0

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  began(flight: Flight): void {
    const { life, webhook, atMs: nowMs } = flight
    if (life.member !== null) return
    const { setByMs } = life.node.machine
    if (setByMs !== this.#setByMs) this.#begun.clear()
    this.#setByMs = setByMs
    const begun = (this.#begun.get(webhook.id) ?? []).filter((each) => each.flight.atMs > nowMs - keptMs)
    begun.push({ flight, logged: false })
    this.#begun.set(webhook.id, begun)
    const { rateLimit } = webhook
    if (rateLimit === null) return
    const { requests, perSeconds } = rateLimit
    const inPeriod = begun.filter((each) => each.flight.atMs > nowMs - perSeconds * 1000).length
    this.#verdicts.hold(
      inPeriod <= requests,
      "the rate limit holds",
      () => `${inPeriod} attempts for ${webhook.id} began within ${perSeconds} s: ${requests} may`,
    )
  }

  /** It is durable: whoever comes after knows of it. */
  logged(flight: Flight): void {
    for (const each of this.#begun.get(flight.webhook.id) ?? []) if (each.flight === flight) each.logged = true
  }

  /** Of what was not durable then nobody will know. */
  died(life: Life): void {
    for (const [id, begun] of this.#begun)
      this.#begun.set(
        id,
        begun.filter(({ flight, logged }) => logged || flight.life !== life),
      )
  }
}

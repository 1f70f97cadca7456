import type { WebhookId } from "../../../src/domain/ids.ts"
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

  /** Not of an attempt's second request. */
  began(flight: Flight): void {
    const { webhook, atMs: nowMs } = flight
    if (flight.life.member !== null) return
    const { setByMs } = flight.life.node.machine
    if (setByMs !== this.#setByMs) this.#begun.clear()
    this.#setByMs = setByMs
    const begun = (this.#begun.get(webhook.id) ?? []).filter((each) => each.flight.atMs > nowMs - keptMs)
    begun.push({ flight, logged: false })
    this.#begun.set(webhook.id, begun)
    const { rateLimit } = webhook
    if (rateLimit === null) return
    const { requests, perSeconds } = rateLimit
    const fromMs = nowMs - perSeconds * 1000
    // Of what a dead process had begun, or could not record, others know what is durable.
    const known = begun.filter(({ flight: { life, excused }, logged }) => logged || !(life.lifeline.dead || excused))
    const inPeriod = known.filter((each) => each.flight.atMs > fromMs).length
    this.#verdicts.hold(
      inPeriod <= requests,
      "the rate limit holds",
      () => `${inPeriod} attempts for ${webhook.id} began within ${perSeconds} s: ${requests} may`,
    )
  }

  /** An attempt is durable, with whichever of its requests; one before it of the same number was not settled. */
  logged({ life, delivery, number, webhook }: Flight): void {
    const begun = this.#begun
      .get(webhook.id)
      ?.findLast(({ flight }) => flight.life === life && flight.delivery === delivery && flight.number === number)
    if (begun) begun.logged = true
  }
}

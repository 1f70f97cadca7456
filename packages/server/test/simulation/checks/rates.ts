import type { WebhookId } from "../../../src/domain/ids.ts"
import type { Verdicts } from "./verdicts.ts"
import type { Flight } from "./witness.ts"

type Begun = {
  readonly flight: Flight
  /** How often the machine's clock had been set by then. */
  readonly timesSet: number
  logged: boolean
}

/** Longer than any period that is planned. */
const keptMs = 120_000

/**
 * Holds attempts to the `rate_limit` of their webhook: in no stretch of its period do more begin, whatever was restarted or
 * changed meanwhile. Of one node, for the clocks of several show different times. What began before the clock was set counts
 * for the process that began it and a limit that has not changed since: others know of it by what the clock showed.
 */
export class Rates {
  readonly #verdicts: Verdicts
  /** The oldest first. */
  readonly #begun = new Map<WebhookId, Begun[]>()
  #setByMs = 0
  #timesSet = 0

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  /** Not of an attempt's second request. */
  began(flight: Flight): void {
    const { webhook, life, startedAtMs: nowMs } = flight
    if (life.member !== null) return
    const { setByMs } = life.node.machine
    if (setByMs !== this.#setByMs) this.#timesSet += 1
    this.#setByMs = setByMs
    const timesSet = this.#timesSet
    const begun = (this.#begun.get(webhook.id) ?? []).filter((each) => each.flight.startedAtMs > nowMs - keptMs)
    begun.push({ flight, timesSet, logged: false })
    this.#begun.set(webhook.id, begun)
    const { rateLimit } = webhook
    if (rateLimit === null) return
    const { requests, perSeconds } = rateLimit
    const fromMs = nowMs - perSeconds * 1000
    // Of what a dead process had begun, or could not record, others know what is durable.
    const known = begun.filter(
      ({ flight: earlier, logged, ...each }) =>
        (logged || !(earlier.life.lifeline.dead || earlier.excused)) &&
        (each.timesSet === timesSet || (earlier.life === life && earlier.webhook.version === webhook.version)),
    )
    const inPeriod = known.filter((each) => each.flight.startedAtMs > fromMs).length
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

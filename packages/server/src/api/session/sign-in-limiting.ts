import { RateLimiterMemory } from "rate-limiter-flexible"
import { Problem, retryAfter } from "../problems.ts"

const failuresMax = 10
const windowSeconds = 60

/**
 * Slows down guessing. Keys carry 256 random bits, so this protects less against finding one than against the load and
 * noise of trying. Successful sign-ins cost nothing, and an address that guesses does not lock out the others.
 */
export class SignInLimit {
  readonly #failures = new RateLimiterMemory({ points: failuresMax, duration: windowSeconds })

  /** @throws Problem `sign_in_limited` for an address that failed too often. */
  async allow(address: string): Promise<void> {
    const found = await this.#failures.get(group(address))
    if (found === null || found.consumedPoints < failuresMax) return
    throw new Problem("sign_in_limited", {
      headers: retryAfter(found.msBeforeNext),
    })
  }

  async failed(address: string): Promise<void> {
    // It rejects at the limit, which `allow` is to find out.
    await this.#failures.penalty(group(address), 1)
  }
}

/** An IPv6 customer has a whole /64 to come from (RFC 6177). */
function group(address: string): string {
  return address.includes(":") && !address.includes(".") ? address.split(":").slice(0, 4).join(":") : address
}

import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible"
import type { Api, ApiParts } from "./api-parts.ts"
import { Problem } from "./problems.ts"

const windowSeconds = 1

/**
 * Limits management requests per key, and says so in the fields of draft-ietf-httpapi-ratelimit-headers (from -09:
 * `RateLimit` and `RateLimit-Policy` as structured fields). Publishing is exempt: the storage's pace is its limit.
 */
export function limitRates(api: Api, limits: ApiParts["limits"]): void {
  const { managementRequestsPerSecond: requestsPerSecond, shared } = limits
  const limiter =
    shared?.(requestsPerSecond, windowSeconds) ??
    new RateLimiterMemory({ points: requestsPerSecond, duration: windowSeconds })
  const policy = `"management";q=${requestsPerSecond};w=${windowSeconds}`
  api.addHook("onRequest", (request, reply, done) => {
    const { caller } = request
    if (caller === null || request.routeOptions.config.limited === false) return done()
    limiter.consume(caller.kind === "admin" ? "admin" : caller.key.id).then(
      (result) => {
        reply.header("ratelimit-policy", policy).header("ratelimit", remaining(result))
        done()
      },
      (result: unknown) => {
        if (!(result instanceof RateLimiterRes)) {
          return done(result instanceof Error ? result : new Error("the rate limiter failed"))
        }
        reply.header("ratelimit-policy", policy).header("ratelimit", remaining(result))
        done(
          new Problem("rate_limited", {
            detail: `This key may make ${requestsPerSecond} management requests a second. Publishing is not limited.`,
            headers: { "retry-after": String(Math.max(1, Math.ceil(result.msBeforeNext / 1000))) },
          }),
        )
      },
    )
  })
}

function remaining(result: RateLimiterRes): string {
  return `"management";r=${Math.max(0, result.remainingPoints)};t=${Math.ceil(result.msBeforeNext / 1000)}`
}

import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible"
import type { Caller } from "./access.ts"
import type { Api, ApiParts } from "./api-parts.ts"
import { Problem, retryAfter } from "./problems.ts"

const windowSeconds = 1

/** A workspace makes itself as many keys as it likes: all of them together may do what three may. */
const keysOfWorkspace = 3

/** `name` as clients are told of it; `whose` as people are. */
type Limit = {
  readonly name: "management" | "workspace"
  readonly whose: string
  readonly requestsPerSecond: number
  consume(id: string): Promise<RateLimiterRes>
}

/**
 * Limits management requests per key and per workspace, and says so in the fields of draft-ietf-httpapi-ratelimit-headers
 * (from -09: `RateLimit` and `RateLimit-Policy` as structured fields). Publishing is exempt: the storage's pace is its limit.
 */
export function limitRates(api: Api, { managementRequestsPerSecond, shared }: ApiParts["limits"]): void {
  const limit = (name: Limit["name"], whose: string, requestsPerSecond: number): Limit => {
    const limiter =
      shared?.(requestsPerSecond, windowSeconds) ??
      new RateLimiterMemory({ points: requestsPerSecond, duration: windowSeconds })
    return { name, whose, requestsPerSecond, consume: (id) => limiter.consume(id) }
  }
  const ofKey = limit("management", "This key", managementRequestsPerSecond)
  const ofWorkspace = limit("workspace", "All keys of this workspace", managementRequestsPerSecond * keysOfWorkspace)
  /** A key that is over its own limit takes nothing of the workspace's: its other keys go on. */
  const limitsOf = (caller: Caller): readonly (readonly [Limit, string])[] =>
    caller.kind === "admin"
      ? [[ofKey, "admin"]]
      : [
          [ofKey, caller.key.id],
          [ofWorkspace, caller.key.workspaceId],
        ]

  api.addHook("onRequest", async (request, reply) => {
    const { caller } = request
    if (caller === null || request.routeOptions.config.limited === false) return
    const limits = limitsOf(caller)
    reply.header("ratelimit-policy", limits.map(([each]) => policy(each)).join(", "))
    const left: string[] = []
    for (const [each, id] of limits) {
      const { result, over } = await taken(each, id)
      left.push(remaining(each, result))
      reply.header("ratelimit", left.join(", "))
      if (over) throw tooMany(each, result)
    }
  })
}

async function taken(limit: Limit, id: string): Promise<{ readonly result: RateLimiterRes; readonly over: boolean }> {
  try {
    return { result: await limit.consume(id), over: false }
  } catch (refusal) {
    // It rejects with the same where the limit is reached.
    if (refusal instanceof RateLimiterRes) return { result: refusal, over: true }
    throw refusal instanceof Error ? refusal : new Error("the rate limiter failed")
  }
}

function tooMany({ whose, requestsPerSecond }: Limit, { msBeforeNext }: RateLimiterRes): Problem {
  return new Problem("rate_limited", {
    detail: `${whose} may make ${requestsPerSecond} management requests a second. Publishing is not limited.`,
    headers: retryAfter(msBeforeNext),
  })
}

function policy({ name, requestsPerSecond }: Limit): string {
  return `"${name}";q=${requestsPerSecond};w=${windowSeconds}`
}

function remaining({ name }: Limit, { remainingPoints, msBeforeNext }: RateLimiterRes): string {
  return `"${name}";r=${Math.max(0, remainingPoints)};t=${Math.ceil(msBeforeNext / 1000)}`
}

import type { RouteOptions } from "fastify"
import type { Access } from "./access.ts"
import { type ProblemCode, problems } from "./problems.ts"

/** JSON Schemas of headers by their names, as the OpenAPI document wants them. */
export type DescribedHeaders = Readonly<Record<string, object>>

const text = (description: string, rest: object = {}) => ({ type: "string", description, ...rest })

/** Of requests. Only described: what does not fit is refused by the routes themselves, with words of their own. */
export function requestHeaders({ method, url }: Pick<RouteOptions, "method" | "url">): DescribedHeaders {
  if (url !== "/v1/events" || method !== "POST") return {}
  const description = "The same as `idempotency_key` in the body; in UTF-8, and given once"
  return { "idempotency-key": text(description, { minLength: 1, maxLength: 256 }) }
}

/** Routes that say where to find what was created. */
const locating: ReadonlySet<string> = new Set([
  "/v1/workspaces",
  "/v1/webhooks",
  "/v1/event-types",
  "/v1/webhooks/:id/replay",
])

/** Of answers that are no problem. */
export function answerHeaders(route: RouteOptions, access: Access): DescribedHeaders {
  // A stream has its connection to itself.
  if (route.url === "/v1/stream") return {}
  const location = route.method === "POST" &&
    locating.has(route.url) && { location: text("The path of what was created") }
  return { ...location, ...limitHeaders(route, access) }
}

/** Of problems with these codes, which share a status. */
export function problemHeaders(codes: readonly ProblemCode[], route: RouteOptions, access: Access): DescribedHeaders {
  const status = problems[codes[0] ?? "internal"].status
  return {
    ...((status === 429 || status === 503) && { "retry-after": text("Seconds after which to try again") }),
    ...(status === 401 && { "www-authenticate": text("RFC 6750") }),
    // Who is not let in is not counted.
    ...(status !== 401 && status !== 403 && limitHeaders(route, access)),
  }
}

function limitHeaders({ config }: RouteOptions, access: Access): DescribedHeaders {
  if (access === "anyone" || config?.limited === false) return {}
  return {
    ratelimit: text(
      "What is left of the key's limit and the workspace's, and for how long (draft-ietf-httpapi-ratelimit-headers)",
    ),
    "ratelimit-policy": text("The limits of the key and the workspace: requests in a window of seconds"),
  }
}

import { fastifyCookie as cookies } from "@fastify/cookie"
import type { FastifyRequest } from "fastify"

const name = "tocsin_session"

type Asking = Pick<FastifyRequest, "headers" | "protocol">

/** The session cookie of a request; null without one. */
export function sentCookie({ headers }: Pick<FastifyRequest, "headers">): string | null {
  const { cookie } = headers
  // A request without any is the usual one, and parsing is not free.
  return cookie?.includes(`${name}=`) ? (cookies.parse(cookie)[name] ?? null) : null
}

/** `Set-Cookie` of a new session. */
export function cookieHeader(request: Asking, value: string, maxAgeMs: number): string {
  return cookies.serialize(name, value, { ...attributes(request), maxAge: Math.floor(maxAgeMs / 1000) })
}

/** `Set-Cookie` that removes it. */
export function clearedCookieHeader(request: Asking): string {
  return cookies.serialize(name, "", { ...attributes(request), maxAge: 0 })
}

function attributes(request: Asking) {
  return { httpOnly: true, sameSite: "strict", path: "/", secure: behindTls(request) } as const
}

/**
 * Whether the reader's own connection is TLS. A proxy that ends it need not be trusted for this: by lying, a client
 * could only restrict its own cookie.
 */
function behindTls({ protocol, headers }: Asking): boolean {
  const forwarded = headers["x-forwarded-proto"]
  return (
    protocol === "https" ||
    headers.origin?.startsWith("https://") === true ||
    (typeof forwarded === "string" && /^\s*https\b/i.test(forwarded))
  )
}

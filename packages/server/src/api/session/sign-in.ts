import Type from "typebox"
import { keyOf, refusedToken, sessionOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import type { KeyUse } from "../key-use.ts"
import { Problem } from "../problems.ts"
import { Closed } from "../schema-vocabulary.ts"
import { crossSite } from "./cross-site.ts"
import { clearedCookieHeader, cookieHeader, sentCookie } from "./session-cookie.ts"
import { SessionShown, sessionView } from "./session-view.ts"
import type { Sessions } from "./sessions.ts"
import { SignInLimit } from "./sign-in-limiting.ts"

/** Sign-in and sign-out of people. Programs send their key with each request and need none of this. */
export function sessionRoutes(api: Api, parts: ApiParts, use: KeyUse, sessions: Sessions): void {
  const { registry, clock, random } = parts
  const limit = new SignInLimit()
  const tags = ["session"]

  api.post(
    "/v1/session",
    {
      schema: {
        tags,
        operationId: "signIn",
        summary: "Sign in with a workspace's API key",
        description:
          "For pages: answers with an HttpOnly, SameSite=Strict cookie that stands for the key until it is revoked or the session ends. Requests that change something then need the header `X-Tocsin-Page` and must come from this origin.",
        body: Closed({ api_key: Type.String({ minLength: 1, maxLength: 200 }) }),
        response: { 200: SessionShown },
      },
      config: { access: "anyone" },
    },
    async (request, reply) => {
      const refused = crossSite(request.method, request.headers)
      if (refused !== null) throw new Problem("cross_site_request", { detail: detail(refused) })
      await limit.allow(request.ip)
      const apiKey = request.body.api_key.trim()
      const found = refusedToken(parts, use, apiKey)
      if (found.refusal !== null) {
        await limit.failed(request.ip)
        throw found.refusal
      }
      if (found.caller.kind === "admin") throw new Problem("workspace_key_required", { detail: adminCannot })
      const { key } = found.caller
      const nowMs = clock.now()
      const id = Buffer.from(random.bytes(16)).toString("hex")
      const { session, cookie } = sessions.begin(id, apiKey, key.expiresMs, nowMs)
      return reply
        .header("cache-control", "no-store")
        .header("set-cookie", cookieHeader(request, cookie, session.expiresMs - nowMs))
        .send(sessionView(registry, key, session.expiresMs))
    },
  )

  api.get(
    "/v1/session",
    {
      schema: {
        tags,
        operationId: "showSession",
        summary: "Who is calling, and for which workspace",
        response: { 200: SessionShown },
      },
      config: { access: "any_key" },
    },
    async (request, reply) => {
      const key = keyOf(request)
      reply.header("cache-control", "no-store")
      return sessionView(registry, key, sessionOf(request)?.expiresMs ?? key.expiresMs)
    },
  )

  api.delete(
    "/v1/session",
    {
      schema: {
        tags,
        operationId: "signOut",
        summary: "Sign out",
        response: { 204: Type.Unsafe<undefined>({ type: "null", description: "Signed out, or was not signed in" }) },
      },
      config: { access: "anyone" },
    },
    async (request, reply) => {
      const cookie = sentCookie(request)
      if (cookie !== null) {
        const refused = crossSite(request.method, request.headers)
        if (refused !== null) throw new Problem("cross_site_request", { detail: detail(refused) })
        const session = sessions.read(cookie, clock.now())
        if (session !== null) sessions.end(session, clock.now())
      }
      return reply.code(204).header("set-cookie", clearedCookieHeader(request)).send()
    },
  )
}

const adminCannot =
  "The admin key manages workspaces and belongs to none. Sign in with a workspace's API key: POST /v1/workspaces answers with its first."

function detail(because: string): string {
  return `A session is only good for pages of this server: ${because}.`
}

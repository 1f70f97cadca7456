import { timingSafeEqual } from "node:crypto"
import type { FastifyRequest } from "fastify"
import type { Actor } from "../domain/audit.ts"
import type { WorkspaceId } from "../domain/ids.ts"
import { type ApiKey, isInForce, type Scope } from "../domain/workspace.ts"
import { hashKey } from "../secrets/api-key.ts"
import type { Api, ApiParts } from "./api-parts.ts"
import type { KeyUse } from "./key-use.ts"
import { Problem } from "./problems.ts"
import { crossSite } from "./session/cross-site.ts"
import { sentCookie } from "./session/session-cookie.ts"
import type { Session, Sessions } from "./session/sessions.ts"

/** Who may call a route: a scope means a workspace's key that has it. */
export type Access = "anyone" | "admin" | "any_key" | "admin_or_key_manager" | Scope

export type Caller =
  | { readonly kind: "admin" }
  /** `session`: by which a page stands for the key; null where the key itself was given. */
  | { readonly kind: "key"; readonly key: ApiKey; readonly session: Session | null }

declare module "fastify" {
  interface FastifyContextConfig {
    /** Every route states it: registration fails otherwise. */
    access?: Access
    /** False exempts from the rate limit. */
    limited?: boolean
  }
  interface FastifyRequest {
    /** Null on routes open to anyone. */
    caller: Caller | null
  }
}

const bearer = /^Bearer +([\x21-\x7e]{1,200})$/i

type Known = Pick<ApiParts, "registry" | "clock" | "adminKeyHash">

/** Checks the caller before anything of the body is read. */
export function guardRoutes(api: Api, parts: Known, use: KeyUse, sessions: Sessions): void {
  const identify = identifier(parts, use, sessions)
  api.decorateRequest("caller", null)
  api.addHook("onRoute", ({ url, config }) => {
    if (config?.access === undefined) throw new Error(`the route ${url} does not state who may call it`)
  })
  api.addHook("onRequest", (request, _reply, done) => {
    const access = request.routeOptions.config.access
    if (access === undefined || access === "anyone") return done()
    try {
      request.caller = identify(request)
      mustHave(access, request.caller)
      done()
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

function identifier(parts: Known, use: KeyUse, sessions: Sessions) {
  const { registry, clock } = parts
  const hashes = new KnownHashes()
  return (request: Pick<FastifyRequest, "method" | "headers" | "protocol">): Caller => {
    const { authorization } = request.headers
    // A key that is given counts, whatever cookies came along.
    if (authorization === undefined) return bySession(request)
    const token = bearer.exec(authorization)?.[1]
    if (token === undefined) throw unauthenticated("authentication_required")
    const known = hashes.get(token)
    const hash = known ?? hashKey(token)
    const caller = callerOf(parts, use, hash)
    if (known === undefined && caller.kind === "key") hashes.remember(token, hash)
    return caller
  }

  function bySession(request: Pick<FastifyRequest, "method" | "headers">): Caller {
    const cookie = sentCookie(request)
    if (cookie === null) throw unauthenticated("authentication_required")
    const refused = crossSite(request.method, request.headers)
    if (refused !== null) {
      const detail = `A session is only good for pages of this server: ${refused}.`
      throw new Problem("cross_site_request", { detail })
    }
    const nowMs = clock.now()
    const session = sessions.read(cookie, nowMs)
    const key = session === null ? undefined : registry.keyByHash(session.keyHash)
    if (!key || !isInForce(key, nowMs)) throw new Problem("session_ended")
    use.note(key, nowMs)
    return { kind: "key", key, session }
  }
}

/** Whom a key given in a body stands for, or why it stands for nobody. */
export function refusedToken(
  parts: Known,
  use: KeyUse,
  token: string,
): { readonly caller: Caller; readonly refusal: null } | { readonly refusal: Problem } {
  try {
    return { caller: callerOf(parts, use, hashKey(token)), refusal: null }
  } catch (error) {
    if (error instanceof Problem) return { refusal: error }
    throw error
  }
}

/** @throws Problem when the key is unknown, revoked or expired. */
function callerOf({ registry, clock, adminKeyHash }: Known, use: KeyUse, hash: string): Caller {
  const key = registry.keyByHash(hash)
  if (!key) {
    const [given, admin] = [Buffer.from(hash), Buffer.from(adminKeyHash)]
    if (given.length === admin.length && timingSafeEqual(given, admin)) return { kind: "admin" }
    throw unauthenticated("key_unknown")
  }
  const nowMs = clock.now()
  if (key.revokedMs !== null) throw unauthenticated("key_revoked")
  if (key.expiresMs !== null && key.expiresMs <= nowMs) throw unauthenticated("key_expired")
  use.note(key, nowMs)
  return { kind: "key", key, session: null }
}

/**
 * SHA-256 costs more than the rest of authentication, so the hashes of keys in use are kept. Of real keys only: guesses
 * must not push them out.
 */
class KnownHashes {
  readonly #byToken = new Map<string, string>()
  readonly #max = 10_000

  get(token: string): string | undefined {
    return this.#byToken.get(token)
  }

  remember(token: string, hash: string): void {
    const oldest = this.#byToken.size >= this.#max ? this.#byToken.keys().next().value : undefined
    if (oldest !== undefined) this.#byToken.delete(oldest)
    this.#byToken.set(token, hash)
  }
}

function mustHave(access: Exclude<Access, "anyone">, caller: Caller): void {
  if (caller.kind === "admin") {
    if (access !== "admin" && access !== "admin_or_key_manager") throw new Problem("workspace_key_required")
    return
  }
  if (access === "any_key") return
  if (access === "admin") throw new Problem("admin_key_required")
  const scope: Scope = access === "admin_or_key_manager" ? "keys:write" : access
  if (!caller.key.scopes.includes(scope)) {
    throw new Problem("scope_missing", {
      detail: `This needs the scope ${scope}, which the key ${caller.key.prefix}… lacks.`,
    })
  }
}

// RFC 6750 §3: without credentials the challenge carries no error.
function unauthenticated(code: "authentication_required" | "key_unknown" | "key_expired" | "key_revoked"): Problem {
  const error = code === "authentication_required" ? "" : ', error="invalid_token"'
  return new Problem(code, { headers: { "www-authenticate": `Bearer realm="tocsin"${error}` } })
}

/** The key that called. @throws Error on a route that admits others. */
export function keyOf(request: Pick<FastifyRequest, "caller">): ApiKey {
  return keyCallerOf(request).key
}

/** The session by which it called; null where it gave the key itself. @throws Error on a route that admits others. */
export function sessionOf(request: Pick<FastifyRequest, "caller">): Session | null {
  return keyCallerOf(request).session
}

function keyCallerOf({ caller }: Pick<FastifyRequest, "caller">): Extract<Caller, { kind: "key" }> {
  if (caller?.kind !== "key") throw new Error("this route admits callers without a workspace's key")
  return caller
}

export function workspaceOf(request: Pick<FastifyRequest, "caller">): WorkspaceId {
  return keyOf(request).workspaceId
}

export function actorOf(request: Pick<FastifyRequest, "caller">): Actor {
  const { caller } = request
  if (caller === null) throw new Error("this route does not know its caller")
  return caller.kind === "admin" ? caller : { kind: "api_key", id: caller.key.id, name: caller.key.name }
}

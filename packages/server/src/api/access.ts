import { timingSafeEqual } from "node:crypto"
import type { FastifyRequest } from "fastify"
import type { Actor } from "../domain/audit.ts"
import type { WorkspaceId } from "../domain/ids.ts"
import type { ApiKey, Scope } from "../domain/workspace.ts"
import { hashKey } from "../secrets/api-key.ts"
import type { Api, ApiParts } from "./api-parts.ts"
import type { KeyUse } from "./key-use.ts"
import { Problem } from "./problems.ts"

/** Who may call a route: a scope means a workspace's key that has it. */
export type Access = "anyone" | "admin" | "any_key" | "admin_or_key_manager" | Scope

export type Caller = { readonly kind: "admin" } | { readonly kind: "key"; readonly key: ApiKey }

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

/** Checks the caller before anything of the body is read. */
export function guardRoutes(api: Api, parts: Pick<ApiParts, "registry" | "clock" | "adminKeyHash">, use: KeyUse): void {
  const identify = identifier(parts, use)
  api.decorateRequest("caller", null)
  api.addHook("onRoute", ({ url, config }) => {
    if (config?.access === undefined) throw new Error(`the route ${url} does not state who may call it`)
  })
  api.addHook("onRequest", (request, _reply, done) => {
    const access = request.routeOptions.config.access
    if (access === undefined || access === "anyone") return done()
    try {
      request.caller = identify(request.headers.authorization)
      mustHave(access, request.caller)
      done()
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

function identifier(
  { registry, clock, adminKeyHash }: Pick<ApiParts, "registry" | "clock" | "adminKeyHash">,
  use: KeyUse,
) {
  const admin: Caller = { kind: "admin" }
  const adminHash = Buffer.from(adminKeyHash)
  const hashes = new KnownHashes()
  return (authorization: string | undefined): Caller => {
    if (authorization === undefined) throw unauthenticated("authentication_required")
    const token = bearer.exec(authorization)?.[1]
    if (token === undefined) throw unauthenticated("authentication_required")
    const known = hashes.get(token)
    const hash = known ?? hashKey(token)
    const key = registry.keyByHash(hash)
    if (!key) {
      const given = Buffer.from(hash)
      if (given.length === adminHash.length && timingSafeEqual(given, adminHash)) return admin
      throw unauthenticated("key_unknown")
    }
    if (known === undefined) hashes.remember(token, hash)
    const nowMs = clock.now()
    if (key.revokedMs !== null) throw unauthenticated("key_revoked")
    if (key.expiresMs !== null && key.expiresMs <= nowMs) throw unauthenticated("key_expired")
    use.note(key, nowMs)
    return { kind: "key", key }
  }
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
  if (request.caller?.kind !== "key") throw new Error("this route admits callers without a workspace's key")
  return request.caller.key
}

export function workspaceOf(request: Pick<FastifyRequest, "caller">): WorkspaceId {
  return keyOf(request).workspaceId
}

export function actorOf(request: Pick<FastifyRequest, "caller">): Actor {
  const { caller } = request
  if (caller === null) throw new Error("this route does not know its caller")
  return caller.kind === "admin" ? caller : { kind: "api_key", id: caller.key.id, name: caller.key.name }
}

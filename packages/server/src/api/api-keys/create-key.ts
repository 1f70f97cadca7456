import Type from "typebox"
import { asId, type WorkspaceId } from "../../domain/ids.ts"
import { type ApiKey, endedBeyond } from "../../domain/workspace.ts"
import type { Change } from "../../registry/registry.ts"
import { mintKey } from "../../secrets/api-key.ts"
import { keyOf, workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { type Flaw, Problem, refuseIfFlawed } from "../problems.ts"
import { Closed, Line, Nullable, Time } from "../schema-vocabulary.ts"
import { readTime, rfc3339 } from "../times.ts"
import { refuseBeyond } from "../workspace-caps.ts"
import { announceKey } from "./announcing-keys.ts"
import { KeyCreated, keyView, Scope } from "./key-view.ts"

export function createKey(api: Api, parts: ApiParts): void {
  const { clock, mint, random } = parts
  api.post(
    "/v1/api-keys",
    {
      schema: {
        tags: ["API keys"],
        operationId: "createApiKey",
        summary: "Create an API key",
        description:
          "Without scopes, it gets those of the key that creates it; it can never get more. A key that expires makes none that outlives it; without `expires_at`, one that expires with it.",
        body: Closed({
          name: Line(100),
          scopes: Type.Optional(Type.Array(Scope, { minItems: 1, uniqueItems: true })),
          expires_at: Type.Optional(Nullable(Time)),
        }),
        response: { 201: KeyCreated },
      },
      config: { access: "keys:write" },
    },
    async (request, reply) => {
      const { body } = request
      const workspaceId = workspaceOf(request)
      const creator = keyOf(request)
      const nowMs = clock.now()
      const expiresMs = readExpiry(body.expires_at ?? null, creator.expiresMs, nowMs)
      const scopes = body.scopes ?? creator.scopes
      const beyond = scopes.filter((scope) => !creator.scopes.includes(scope))
      if (beyond.length > 0) {
        throw new Problem("scope_missing", { detail: `A key cannot give what it lacks itself: ${beyond.join(", ")}.` })
      }
      const { key: clear, hash, prefix } = mintKey("tk", random.bytes(32))
      const key: ApiKey = {
        id: asId(`key_${mint.next(nowMs)}`),
        workspaceId,
        name: body.name,
        scopes,
        prefix,
        hash,
        createdMs: nowMs,
        expiresMs,
        revokedMs: null,
      }
      await change(parts, () => {
        refuseBeyond(parts, workspaceId, "apiKeys")
        return {
          changes: [...forgettingEnded(parts, workspaceId), { kind: "apiKey", put: key }],
          audit: auditEntry(parts, request, nowMs, {
            workspaceId,
            action: "api_key.created",
            subject: key.id,
            after: keyView(key, null),
          }),
          result: null,
        }
      })
      await announceKey(parts, key, request.log)
      return reply
        .code(201)
        .header("cache-control", "no-store")
        .send({ ...keyView(key, null), key: clear })
    },
  )
}

/** After an import there may be any number: the more are left for the next keys. */
const forgottenAtOnceMax = 50

/**
 * As many as may be in force are kept of those that have ended: whoever creates and revokes keys for ever must not fill
 * the memory of every node with them. What was done with them stays in the audit log.
 */
function forgettingEnded({ registry, clock, limits }: ApiParts, workspaceId: WorkspaceId): readonly Change[] {
  return endedBeyond(registry.keys(workspaceId), limits.perWorkspace.apiKeys, clock.now())
    .slice(0, forgottenAtOnceMax)
    .map(({ id }) => ({ kind: "apiKeyForgotten", workspaceId, id }))
}

/** @param latestMs when the key ends that creates it: what was lent for a while must not be made to last. */
function readExpiry(text: string | null, latestMs: number | null, nowMs: number): number | null {
  if (text === null) return latestMs
  const flaws: Flaw[] = []
  const pointer = "/expires_at"
  const expiresMs = readTime(text, pointer, flaws)
  if (expiresMs !== null && expiresMs <= nowMs) flaws.push({ pointer, detail: "must be in the future" })
  if (expiresMs !== null && latestMs !== null && expiresMs > latestMs) {
    flaws.push({ pointer, detail: `must not be later than that of the key that creates it, ${rfc3339(latestMs)}` })
  }
  refuseIfFlawed(flaws)
  return expiresMs
}

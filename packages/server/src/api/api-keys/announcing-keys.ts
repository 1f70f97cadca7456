import type { FastifyBaseLogger } from "fastify"
import type { ApiKey } from "../../domain/workspace.ts"
import { rfc3339Seconds } from "../../profiles/rfc3339.ts"
import type { ApiParts } from "../api-parts.ts"

/** The one type that Tocsin publishes itself, where the workspace's catalogue has it (api.md, "API keys"). */
const announcedAs = "api.key.created"

/**
 * Publishes that a key was created. A failure is logged, not answered: the key exists by then, and this is the only
 * time that it can be shown.
 */
export async function announceKey(
  { registry, intake }: Pick<ApiParts, "registry" | "intake">,
  key: ApiKey,
  log: FastifyBaseLogger,
): Promise<void> {
  const type = registry.profile(key.workspaceId).catalogue.find(({ name }) => name === announcedAs)
  if (!type) return
  const data = {
    api_key: {
      id: key.id,
      name: key.name,
      prefix: key.prefix,
      scopes: key.scopes,
      created_at: rfc3339Seconds(key.createdMs),
      expires_at: key.expiresMs === null ? null : rfc3339Seconds(key.expiresMs),
    },
  }
  try {
    const outcome = await intake.accept(key.workspaceId, [
      {
        type: announcedAs,
        data,
        dataText: JSON.stringify(data),
        // A repetition would be the same news.
        idempotencyKey: `${announcedAs}:${key.id}`,
        createdMs: key.createdMs,
        orderingKey: null,
        attributes: null,
        metadataText: null,
      },
    ])
    if (!outcome.accepted) log.error({ refusals: outcome.refusals, keyId: key.id }, "a new API key was not announced")
  } catch (error) {
    log.error({ err: error, keyId: key.id }, "a new API key was not announced")
  }
}

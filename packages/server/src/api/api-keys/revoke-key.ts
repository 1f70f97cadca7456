import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { Problem } from "../problems.ts"
import { IdParams, NoContent } from "../schema-vocabulary.ts"
import { keyView } from "./key-view.ts"

export function revokeKey(api: Api, parts: ApiParts): void {
  const { registry, clock } = parts
  api.delete(
    "/v1/api-keys/:id",
    {
      schema: {
        tags: ["API keys"],
        operationId: "revokeApiKey",
        summary: "Revoke an API key at once",
        params: IdParams("API key"),
        response: { 204: NoContent },
      },
      config: { access: "keys:write" },
    },
    async (request, reply) => {
      const workspaceId = workspaceOf(request)
      const key = registry.keys(workspaceId).find(({ id }) => id === request.params.id)
      if (!key) throw new Problem("not_found", { detail: "No API key of this workspace has this id." })
      if (key.revokedMs === null) {
        const nowMs = clock.now()
        await change(parts, () => ({
          changes: [{ kind: "apiKey", put: { ...key, revokedMs: nowMs } }],
          audit: auditEntry(parts, request, nowMs, {
            workspaceId,
            action: "api_key.revoked",
            subject: key.id,
            before: keyView(key, null),
          }),
          result: null,
        }))
      }
      return reply.code(204).send()
    },
  )
}

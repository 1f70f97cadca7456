import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { IdParams, NoContent } from "../schema-vocabulary.ts"
import { foundWebhook } from "./finding-webhooks.ts"
import { settingsView } from "./webhook-view.ts"

export function deleteWebhook(api: Api, parts: ApiParts): void {
  const { registry, clock } = parts
  api.delete(
    "/v1/webhooks/:id",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "deleteWebhook",
        summary: "Delete a webhook and cancel its pending deliveries",
        params: IdParams("webhook"),
        response: { 204: NoContent },
      },
      config: { access: "webhooks:write" },
    },
    async (request, reply) => {
      await change(parts, () => {
        const before = foundWebhook(parts, request, request.params.id)
        const nowMs = clock.now()
        return {
          changes: [
            { kind: "webhook", put: { ...before, deletedMs: nowMs, updatedMs: nowMs, version: before.version + 1 } },
          ],
          audit: auditEntry(parts, request, nowMs, {
            workspaceId: before.workspaceId,
            action: "webhook.deleted",
            subject: before.id,
            before: settingsView(before, registry.profile(before.workspaceId)),
          }),
          result: null,
        }
      })
      return reply.code(204).send()
    },
  )
}

import type { Webhook } from "../../domain/webhook.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { IdParams } from "../schema-vocabulary.ts"
import { checkedWebhook } from "./checking-webhooks.ts"
import { foundWebhook } from "./finding-webhooks.ts"
import { updatedWebhook } from "./webhook-input.ts"
import { WebhookShown, WebhookUpdate } from "./webhook-schemas.ts"
import { settingsView, webhookView } from "./webhook-view.ts"

/** What a masked view cannot show to be different. */
function changedUnseen(before: Webhook, after: Webhook) {
  const credentials = ({ headers, authorization, tls }: Webhook) => JSON.stringify([headers, authorization, tls])
  return {
    ...(after.secrets.current !== before.secrets.current && { secret: "changed" }),
    ...(credentials(after) !== credentials(before) && { credentials: "changed" }),
  }
}

/** PUT merges, as the published document says, so PATCH is the same. */
export function updateWebhook(api: Api, parts: ApiParts): void {
  const { registry, store, clock } = parts
  for (const method of ["PUT", "PATCH"] as const) {
    api.route({
      method,
      url: "/v1/webhooks/:id",
      schema: {
        tags: ["webhooks"],
        operationId: method === "PUT" ? "updateWebhook" : "patchWebhook",
        summary: "Change a webhook",
        description:
          "Fields left out stay; null resets an optional one; objects and lists are replaced whole. `active: true` also enables a webhook that was disabled. A new `url` of a webhook with verification has to be verified again. A `secret` replaces the present one at once: use rotate-secret for an overlap.",
        params: IdParams("webhook"),
        body: WebhookUpdate,
        response: { 200: WebhookShown },
      },
      attachValidation: true,
      config: { access: "webhooks:write" },
      handler: async (request) => {
        const webhook = await change(parts, async () => {
          const before = foundWebhook(parts, request, request.params.id)
          await checkedWebhook(parts, request, before)
          const nowMs = clock.now()
          const after = updatedWebhook(before, request.body, nowMs)
          const profile = registry.profile(before.workspaceId)
          return {
            changes: [{ kind: "webhook", put: after }],
            audit: auditEntry(parts, request, nowMs, {
              workspaceId: before.workspaceId,
              action: "webhook.updated",
              subject: before.id,
              before: settingsView(before, profile),
              after: { ...settingsView(after, profile), ...changedUnseen(before, after) },
            }),
            result: after,
          }
        })
        const health = await store.health(webhook.workspaceId, [webhook.id])
        return webhookView(webhook, registry.profile(webhook.workspaceId), health.get(webhook.id))
      },
    })
  }
}

import type { Api, ApiParts } from "../api-parts.ts"
import { IdParams } from "../schema-vocabulary.ts"
import { foundWebhook } from "./finding-webhooks.ts"
import { WebhookShown } from "./webhook-schemas.ts"
import { webhookView } from "./webhook-view.ts"

export function getWebhook(api: Api, parts: ApiParts): void {
  const { registry, store } = parts
  api.get(
    "/v1/webhooks/:id",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "getWebhook",
        summary: "Show a webhook",
        params: IdParams("webhook"),
        response: { 200: WebhookShown },
      },
      config: { access: "webhooks:read" },
    },
    async (request) => {
      const webhook = foundWebhook(parts, request, request.params.id)
      const health = await store.health(webhook.workspaceId, [webhook.id])
      return webhookView(webhook, registry.profile(webhook.workspaceId), health.get(webhook.id))
    },
  )
}

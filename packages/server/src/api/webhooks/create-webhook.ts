import { asId } from "../../domain/ids.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { refuseBeyond } from "../workspace-caps.ts"
import { checkedWebhook } from "./checking-webhooks.ts"
import { newWebhook } from "./webhook-input.ts"
import { WebhookCreated, WebhookCreation } from "./webhook-schemas.ts"
import { settingsView, webhookView } from "./webhook-view.ts"

export function createWebhook(api: Api, parts: ApiParts): void {
  const { registry, clock, random, mint } = parts
  api.post(
    "/v1/webhooks",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "createWebhook",
        summary: "Register an endpoint",
        body: WebhookCreation,
        response: { 201: WebhookCreated },
      },
      attachValidation: true,
      config: { access: "webhooks:write" },
    },
    async (request, reply) => {
      const workspaceId = workspaceOf(request)
      const profile = registry.profile(workspaceId)
      await checkedWebhook(parts, request, null)
      const { body } = request
      const nowMs = clock.now()
      const secret = body.secret ?? profile.newSecret(random.bytes(32))
      const webhook = newWebhook(body, { id: asId(`wh_${mint.next(nowMs)}`), workspaceId, secret, nowMs })
      await change(parts, () => {
        refuseBeyond(parts, workspaceId, "webhooks")
        return {
          changes: [{ kind: "webhook", put: webhook }],
          audit: auditEntry(parts, request, nowMs, {
            workspaceId,
            action: "webhook.created",
            subject: webhook.id,
            after: settingsView(webhook, profile),
          }),
          result: null,
        }
      })
      return reply
        .code(201)
        .header("location", `/v1/webhooks/${webhook.id}`)
        .header("cache-control", "no-store")
        .send({ ...webhookView(webhook, profile), ...(body.secret === undefined && { secret }) })
    },
  )
}

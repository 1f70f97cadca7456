import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { cut, newestFirst } from "../paging.ts"
import { Closed, PageOf, pageQuery } from "../schema-vocabulary.ts"
import { WebhookShown } from "./webhook-schemas.ts"
import { webhookView } from "./webhook-view.ts"

export function listWebhooks(api: Api, { registry, store }: ApiParts): void {
  api.get(
    "/v1/webhooks",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "listWebhooks",
        summary: "List webhooks, newest first",
        querystring: Closed(pageQuery),
        response: { 200: PageOf(WebhookShown) },
      },
      config: { access: "webhooks:read" },
    },
    async (request) => {
      const workspaceId = workspaceOf(request)
      const found = newestFirst(request.query, registry.webhooks(workspaceId), ({ id }) => id)
      const { shown, next } = cut(request.query, found, ({ id }) => id)
      const profile = registry.profile(workspaceId)
      const ids = shown.map(({ id }) => id)
      const health = await store.health(workspaceId, ids)
      return { data: shown.map((each) => webhookView(each, profile, health.get(each.id))), next_cursor: next }
    },
  )
}

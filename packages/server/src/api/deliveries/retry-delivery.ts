import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry } from "../changing.ts"
import { emptyBodyIsObject } from "../empty-bodies.ts"
import { Problem } from "../problems.ts"
import { Closed, IdParams } from "../schema-vocabulary.ts"
import { DeliveryShown, deliveryView } from "./delivery-view.ts"
import { foundDelivery } from "./finding-deliveries.ts"

export function retryDelivery(api: Api, parts: ApiParts): void {
  const { store, registry, clock, wake } = parts
  api.post(
    "/v1/deliveries/:id/retry",
    {
      schema: {
        tags: ["deliveries"],
        operationId: "retryDelivery",
        summary: "Send a delivery again, now",
        description: "One that had ended gets a fresh window and a fresh budget of attempts.",
        params: IdParams("delivery"),
        body: Closed({}),
        response: { 202: DeliveryShown },
      },
      preValidation: emptyBodyIsObject,
      config: { access: "deliveries:write" },
    },
    async (request, reply) => {
      const workspaceId = workspaceOf(request)
      const before = await foundDelivery(parts, workspaceId, request.params.id)
      if (!registry.webhook(workspaceId, before.webhookId)) throw new Problem("webhook_deleted")
      const nowMs = clock.now()
      const webhookId = await store.reopen(workspaceId, before.id, nowMs)
      if (webhookId === null) throw new Problem("not_found")
      wake(webhookId, workspaceId)
      await store.note(
        auditEntry(parts, request, nowMs, { workspaceId, action: "delivery.retried", subject: before.id }),
      )
      return reply.code(202).send(deliveryView(await foundDelivery(parts, workspaceId, before.id)))
    },
  )
}

import { deliveryStatus } from "../../domain/delivery.ts"
import { isSending } from "../../domain/webhook.ts"
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
      const webhook = registry.webhook(workspaceId, before.webhookId)
      if (!webhook) throw new Problem("webhook_deleted")
      const nowMs = clock.now()
      const status = deliveryStatus("waiting", before.attempts, { sending: isSending(webhook), deleted: false })
      // The audit log first: should it fail, nothing was done, as the 503 says.
      await store.note(
        auditEntry(parts, request, nowMs, {
          workspaceId,
          action: "delivery.retried",
          subject: before.id,
          before: { status: before.status },
          after: { status },
        }),
      )
      const webhookId = await store.reopen(workspaceId, before.id, nowMs)
      if (webhookId === null) throw new Problem("not_found")
      wake(webhookId, workspaceId)
      // Not read again: that may fail, and the retry is under way.
      const after = { ...before, state: "waiting", status, because: null, dueMs: nowMs, endedMs: null } as const
      return reply.code(202).send(deliveryView(after))
    },
  )
}

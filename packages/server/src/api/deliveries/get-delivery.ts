import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { IdParams } from "../schema-vocabulary.ts"
import { attemptView, DeliveryDetail, deliveryView } from "./delivery-view.ts"
import { foundDelivery } from "./finding-deliveries.ts"

export function getDelivery(api: Api, parts: ApiParts): void {
  api.get(
    "/v1/deliveries/:id",
    {
      schema: {
        tags: ["deliveries"],
        operationId: "getDelivery",
        summary: "Show a delivery with its attempts",
        params: IdParams("delivery"),
        response: { 200: DeliveryDetail },
      },
      config: { access: "deliveries:read" },
    },
    async (request) => {
      const record = await foundDelivery(parts, workspaceOf(request), request.params.id)
      const attempts = await parts.store.attempts(record.workspaceId, record.id)
      return { ...deliveryView(record), attempts: attempts.map(attemptView) }
    },
  )
}

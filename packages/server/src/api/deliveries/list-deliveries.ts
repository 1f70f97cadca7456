import Type from "typebox"
import { deliveryStatuses } from "../../domain/delivery.ts"
import { asId } from "../../domain/ids.ts"
import type { DeliveryFilter } from "../../ports/store.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { pageAnswer, pageAsked } from "../paging.ts"
import { type Flaw, refuseIfFlawed } from "../problems.ts"
import type { Kept } from "../routes.ts"
import { Closed, Line, OneOf, PageOf, pageQuery, Time } from "../schema-vocabulary.ts"
import { readRange } from "../times.ts"
import { DeliveryShown, deliveryView } from "./delivery-view.ts"

export function listDeliveries(api: Api, _: ApiParts, { lists }: Pick<Kept, "lists">): void {
  api.get(
    "/v1/deliveries",
    {
      schema: {
        tags: ["deliveries"],
        operationId: "listDeliveries",
        summary: "List deliveries, newest first",
        querystring: Closed({
          ...pageQuery,
          webhook_id: Type.Optional(Line(100)),
          event_id: Type.Optional(Line(100)),
          event_type: Type.Optional(Line(100)),
          status: Type.Optional(OneOf(deliveryStatuses)),
          from: Type.Optional(Time),
          to: Type.Optional(Time),
        }),
        response: { 200: PageOf(DeliveryShown) },
      },
      config: { access: "deliveries:read" },
    },
    async (request) => {
      const { query } = request
      const flaws: Flaw[] = []
      const range = readRange(query, flaws)
      refuseIfFlawed(flaws, "query_invalid")
      const filter: DeliveryFilter = {
        ...range,
        ...(query.webhook_id !== undefined && { webhookId: asId(query.webhook_id) }),
        ...(query.event_id !== undefined && { eventId: asId(query.event_id) }),
        ...(query.event_type !== undefined && { eventType: query.event_type }),
        ...(query.status !== undefined && { status: query.status }),
      }
      const found = await lists.deliveries(workspaceOf(request), filter, pageAsked(query), request.signal)
      return pageAnswer(query, found, ({ id }) => id, deliveryView)
    },
  )
}

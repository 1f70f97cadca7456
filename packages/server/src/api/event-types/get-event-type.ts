import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { Problem } from "../problems.ts"
import { EventTypeParams, EventTypeShown, eventTypeView } from "./event-type-view.ts"

export function getEventType(api: Api, { registry }: ApiParts): void {
  api.get(
    "/v1/event-types/:name",
    {
      schema: {
        tags: ["event types"],
        operationId: "getEventType",
        summary: "Show an event type with schema and sample",
        params: EventTypeParams,
        response: { 200: EventTypeShown },
      },
      config: { access: "any_key" },
    },
    async (request) => {
      const workspaceId = workspaceOf(request)
      const { name } = request.params
      const type = registry.eventTypes(workspaceId).get(name)
      if (!type) throw new Problem("not_found", { detail: "This workspace has no event type of this name." })
      return eventTypeView(type, registry.customEventType(workspaceId, name) !== undefined)
    },
  )
}

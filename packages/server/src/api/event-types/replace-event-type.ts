import { inCatalogue } from "../../domain/workspace.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { Closed } from "../schema-vocabulary.ts"
import { EventTypeParams, EventTypeShown, eventTypeView, ownTypeSettings } from "./event-type-view.ts"
import { foundOwnType, ownType, refuseUnusable } from "./own-types.ts"

export function replaceEventType(api: Api, parts: ApiParts): void {
  const { registry, ownSchemas, clock } = parts
  api.put(
    "/v1/event-types/:name",
    {
      schema: {
        tags: ["event types"],
        operationId: "replaceEventType",
        summary: "Describe an event type of your own anew",
        description: "What is left out becomes empty.",
        params: EventTypeParams,
        body: Closed(ownTypeSettings),
        response: { 200: EventTypeShown },
      },
      config: { access: "webhooks:write" },
    },
    async (request) => {
      const workspaceId = workspaceOf(request)
      foundOwnType(registry, workspaceId, request.params.name)
      refuseUnusable(ownSchemas, workspaceId, request.body)
      const type = await change(parts, () => {
        const before = foundOwnType(registry, workspaceId, request.params.name)
        const { name, createdMs } = before
        const nowMs = clock.now()
        const put = ownType(request.body, { workspaceId, name, createdMs, version: before.version + 1 })
        return {
          changes: [{ kind: "eventType", put }],
          audit: auditEntry(parts, request, nowMs, {
            workspaceId,
            action: "event_type.updated",
            subject: name,
            before: eventTypeView(inCatalogue(before), true),
            after: eventTypeView(inCatalogue(put), true),
          }),
          result: put,
        }
      })
      return eventTypeView(inCatalogue(type), true)
    },
  )
}

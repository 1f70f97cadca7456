import { inCatalogue } from "../../domain/workspace.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { NoContent } from "../schema-vocabulary.ts"
import { EventTypeParams, eventTypeView } from "./event-type-view.ts"
import { foundOwnType } from "./own-types.ts"

export function deleteEventType(api: Api, parts: ApiParts): void {
  const { registry, clock } = parts
  api.delete(
    "/v1/event-types/:name",
    {
      schema: {
        tags: ["event types"],
        operationId: "deleteEventType",
        summary: "Remove an event type of your own",
        description: "Stored events of it stay; webhooks that name it keep doing so, to no effect.",
        params: EventTypeParams,
        response: { 204: NoContent },
      },
      config: { access: "webhooks:write" },
    },
    async (request, reply) => {
      const workspaceId = workspaceOf(request)
      await change(parts, () => {
        const before = foundOwnType(registry, workspaceId, request.params.name)
        return {
          changes: [{ kind: "eventTypeDeleted", workspaceId, name: before.name }],
          audit: auditEntry(parts, request, clock.now(), {
            workspaceId,
            action: "event_type.deleted",
            subject: before.name,
            before: eventTypeView(inCatalogue(before), true),
          }),
          result: null,
        }
      })
      return reply.code(204).send()
    },
  )
}

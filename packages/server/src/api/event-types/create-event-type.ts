import { inCatalogue } from "../../domain/workspace.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { Problem } from "../problems.ts"
import { Closed } from "../schema-vocabulary.ts"
import { refuseBeyond } from "../workspace-caps.ts"
import { EventTypeName, EventTypeShown, eventTypeView, ownTypeSettings } from "./event-type-view.ts"
import { ownType, refuseUnusable } from "./own-types.ts"

export function createEventType(api: Api, parts: ApiParts): void {
  const { registry, ownSchemas, clock } = parts
  api.post(
    "/v1/event-types",
    {
      schema: {
        tags: ["event types"],
        operationId: "createEventType",
        summary: "Register an event type of your own",
        body: Closed({ name: EventTypeName, ...ownTypeSettings }),
        response: { 201: EventTypeShown },
      },
      config: { access: "webhooks:write" },
    },
    async (request, reply) => {
      const workspaceId = workspaceOf(request)
      const { name, ...input } = request.body
      refuseUnusable(ownSchemas, workspaceId, input)
      const type = await change(parts, () => {
        if (registry.eventTypes(workspaceId).has(name)) throw new Problem("event_type_exists")
        refuseBeyond(parts, workspaceId, "eventTypes")
        const nowMs = clock.now()
        const put = ownType(input, { workspaceId, name, createdMs: nowMs, version: 1 })
        return {
          changes: [{ kind: "eventType", put }],
          audit: auditEntry(parts, request, nowMs, {
            workspaceId,
            action: "event_type.created",
            subject: name,
            after: input,
          }),
          result: put,
        }
      })
      return reply
        .code(201)
        .header("location", `/v1/event-types/${name}`)
        .send(eventTypeView(inCatalogue(type), true))
    },
  )
}

import { asId } from "../../domain/ids.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { Problem } from "../problems.ts"
import { IdParams, Written } from "../schema-vocabulary.ts"
import { EventDetail } from "./event-schemas.ts"
import { eventDetailText } from "./event-view.ts"

export function getEvent(api: Api, { store }: ApiParts): void {
  api.get(
    "/v1/events/:id",
    {
      schema: {
        tags: ["events"],
        operationId: "getEvent",
        summary: "Show an event with its data",
        params: IdParams("event"),
        response: { 200: Written(EventDetail) },
      },
      config: { access: "events:read" },
    },
    async (request, reply) => {
      const event = await store.event(workspaceOf(request), asId(request.params.id))
      if (!event) throw new Problem("not_found", { detail: "No event of this workspace has this id." })
      return reply.type("application/json").send(eventDetailText(event))
    },
  )
}

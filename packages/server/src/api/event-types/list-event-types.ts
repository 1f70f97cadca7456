import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { cut, pageAsked } from "../paging.ts"
import { Closed, PageOf, pageQuery } from "../schema-vocabulary.ts"
import { EventTypeShown, eventTypeView } from "./event-type-view.ts"

export function listEventTypes(api: Api, { registry }: ApiParts): void {
  api.get(
    "/v1/event-types",
    {
      schema: {
        tags: ["event types"],
        operationId: "listEventTypes",
        summary: "The catalogue, by name",
        querystring: Closed(pageQuery),
        response: { 200: PageOf(EventTypeShown) },
      },
      config: { access: "any_key" },
    },
    async (request) => {
      const workspaceId = workspaceOf(request)
      const { limit, before: after } = pageAsked(request.query)
      const types = [...registry.eventTypes(workspaceId).values()]
        .filter(({ name }) => after === null || name > after)
        .sort((one, other) => (one.name < other.name ? -1 : 1))
      const { shown, next } = cut(request.query, types.slice(0, limit), ({ name }) => name)
      return {
        data: shown.map((type) => eventTypeView(type, registry.customEventType(workspaceId, type.name) !== undefined)),
        next_cursor: next,
      }
    },
  )
}

import Type from "typebox"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { cut, pageAsked } from "../paging.ts"
import { Closed, PageOf, pageQuery } from "../schema-vocabulary.ts"
import { EventTypeOrigin, EventTypeShown, eventTypeView, originOf } from "./event-type-view.ts"

const query = Closed({
  ...pageQuery,
  origin: Type.Optional({
    ...EventTypeOrigin,
    description: "Left out: profile and workspace, the types that may be published",
  }),
})

export function listEventTypes(api: Api, { registry }: ApiParts): void {
  api.get(
    "/v1/event-types",
    {
      schema: {
        tags: ["event types"],
        operationId: "listEventTypes",
        summary: "The catalogue, by name",
        querystring: query,
        response: { 200: PageOf(EventTypeShown) },
      },
      config: { access: "any_key" },
    },
    async (request) => {
      const workspaceId = workspaceOf(request)
      const { limit, before: after } = pageAsked(request.query)
      const { origin: asked } = request.query
      const isOwn = (name: string) => registry.customEventType(workspaceId, name) !== undefined
      const types = [...registry.eventTypes(workspaceId).values()]
        .filter(({ name }) => {
          const origin = originOf(name, isOwn(name))
          return asked === undefined ? origin !== "tocsin" : origin === asked
        })
        .filter(({ name }) => after === null || name > after)
        .sort((one, other) => (one.name < other.name ? -1 : 1))
      const { shown, next } = cut(request.query, types.slice(0, limit), ({ name }) => name)
      return {
        data: shown.map((type) => eventTypeView(type, isOwn(type.name))),
        next_cursor: next,
      }
    },
  )
}

import Type from "typebox"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { pageAnswer, pageAsked } from "../paging.ts"
import { type Flaw, refuseIfFlawed } from "../problems.ts"
import type { Kept } from "../routes.ts"
import { Closed, Line, PageOf, pageQuery, Time } from "../schema-vocabulary.ts"
import { readRange } from "../times.ts"
import { EventShown } from "./event-schemas.ts"
import { eventView } from "./event-view.ts"

export function listEvents(api: Api, _: ApiParts, { lists }: Pick<Kept, "lists">): void {
  api.get(
    "/v1/events",
    {
      schema: {
        tags: ["events"],
        operationId: "listEvents",
        summary: "List events, newest first",
        description: "Without their data: show one for that.",
        querystring: Closed({
          ...pageQuery,
          type: Type.Optional(Line(100)),
          from: Type.Optional(Time),
          to: Type.Optional(Time),
          text: Type.Optional(
            Line(200, { description: "Part of the payload as it was published; a to z in upper or lower case" }),
          ),
        }),
        response: { 200: PageOf(EventShown) },
      },
      config: { access: "events:read" },
    },
    async (request) => {
      const { query } = request
      const flaws: Flaw[] = []
      const range = readRange(query, flaws)
      refuseIfFlawed(flaws, "query_invalid")
      const filter = {
        ...range,
        ...(query.type !== undefined && { type: query.type }),
        ...(query.text !== undefined && { text: query.text }),
      }
      const found = await lists.events(workspaceOf(request), filter, pageAsked(query), request.signal)
      return pageAnswer(query, found, ({ id }) => id, eventView)
    },
  )
}

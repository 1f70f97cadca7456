import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { IdParams } from "../schema-vocabulary.ts"
import { foundReplay } from "./finding-replays.ts"
import { ReplayShown, replayView } from "./replay-view.ts"

export function getReplay(api: Api, parts: ApiParts): void {
  api.get(
    "/v1/replays/:id",
    {
      schema: {
        tags: ["replays"],
        operationId: "getReplay",
        summary: "Show a replay and how far it is",
        params: IdParams("replay"),
        response: { 200: ReplayShown },
      },
      config: { access: "deliveries:read" },
    },
    async (request) => replayView(await foundReplay(parts, workspaceOf(request), request.params.id)),
  )
}

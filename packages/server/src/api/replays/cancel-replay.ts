import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry } from "../changing.ts"
import { IdParams } from "../schema-vocabulary.ts"
import { foundReplay } from "./finding-replays.ts"
import { ReplayShown, replayView } from "./replay-view.ts"

export function cancelReplay(api: Api, parts: ApiParts): void {
  const { store, clock } = parts
  api.delete(
    "/v1/replays/:id",
    {
      schema: {
        tags: ["replays"],
        operationId: "cancelReplay",
        summary: "Cancel a replay",
        description: "What it has enqueued is still delivered. One that has ended stays as it is.",
        params: IdParams("replay"),
        response: { 200: ReplayShown },
      },
      config: { access: "deliveries:write" },
    },
    async (request) => {
      const workspaceId = workspaceOf(request)
      const replay = await foundReplay(parts, workspaceId, request.params.id)
      if (replay.state !== "running") return replayView(replay)
      const nowMs = clock.now()
      // The audit log first: should it fail, nothing was done, as the 503 says.
      await store.note(
        auditEntry(parts, request, nowMs, {
          workspaceId,
          action: "replay.cancelled",
          subject: replay.id,
          before: { state: replay.state },
          after: { state: "cancelled" },
        }),
      )
      // As it stands by then: a step, or the last one, may have been made since it was read.
      return replayView((await store.cancelReplay(workspaceId, replay.id, nowMs)) ?? replay)
    },
  )
}

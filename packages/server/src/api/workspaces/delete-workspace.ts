import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { IdParams, NoContent } from "../schema-vocabulary.ts"
import { foundWorkspace } from "./finding-workspaces.ts"
import { workspaceView } from "./workspace-view.ts"

export function deleteWorkspace(api: Api, parts: ApiParts): void {
  const { clock } = parts
  api.delete(
    "/v1/workspaces/:id",
    {
      schema: {
        tags: ["workspaces"],
        operationId: "deleteWorkspace",
        summary: "Delete a workspace with everything in it",
        params: IdParams("workspace"),
        response: { 204: NoContent },
      },
      config: { access: "admin" },
    },
    async (request, reply) => {
      await change(parts, () => {
        const before = foundWorkspace(parts, request.params.id)
        const nowMs = clock.now()
        return {
          changes: [{ kind: "workspaceDeleted", id: before.id, atMs: nowMs }],
          audit: auditEntry(parts, request, nowMs, {
            workspaceId: before.id,
            action: "workspace.deleted",
            subject: before.id,
            before: workspaceView(before),
          }),
          result: null,
        }
      })
      return reply.code(204).send()
    },
  )
}

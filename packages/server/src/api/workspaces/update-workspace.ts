import Type from "typebox"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { Closed, IdParams } from "../schema-vocabulary.ts"
import { foundWorkspace } from "./finding-workspaces.ts"
import { EngineVersion, WorkspaceName, WorkspaceShown, workspaceView } from "./workspace-view.ts"

export function updateWorkspace(api: Api, parts: ApiParts): void {
  const { clock } = parts
  api.patch(
    "/v1/workspaces/:id",
    {
      schema: {
        tags: ["workspaces"],
        operationId: "updateWorkspace",
        summary: "Change a workspace",
        description: "Its profile is for good: events already stored have its envelope.",
        params: IdParams("workspace"),
        body: Closed({ name: Type.Optional(WorkspaceName), engine_version: Type.Optional(EngineVersion) }),
        response: { 200: WorkspaceShown },
      },
      config: { access: "admin" },
    },
    async (request) => {
      const { name, engine_version: engineVersion } = request.body
      const workspace = await change(parts, () => {
        const before = foundWorkspace(parts, request.params.id)
        const after = {
          ...before,
          ...(name !== undefined && { name }),
          ...(engineVersion !== undefined && { engineVersion }),
          version: before.version + 1,
        }
        return {
          changes: [{ kind: "workspace", put: after }],
          audit: auditEntry(parts, request, clock.now(), {
            workspaceId: before.id,
            action: "workspace.updated",
            subject: before.id,
            before: workspaceView(before),
            after: workspaceView(after),
          }),
          result: after,
        }
      })
      return workspaceView(workspace)
    },
  )
}

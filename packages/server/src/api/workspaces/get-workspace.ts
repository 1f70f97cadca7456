import type { Api, ApiParts } from "../api-parts.ts"
import { IdParams } from "../schema-vocabulary.ts"
import { foundWorkspace } from "./finding-workspaces.ts"
import { WorkspaceShown, workspaceView } from "./workspace-view.ts"

export function getWorkspace(api: Api, parts: ApiParts): void {
  api.get(
    "/v1/workspaces/:id",
    {
      schema: {
        tags: ["workspaces"],
        operationId: "getWorkspace",
        summary: "Show a workspace",
        params: IdParams("workspace"),
        response: { 200: WorkspaceShown },
      },
      config: { access: "admin" },
    },
    async (request) => workspaceView(foundWorkspace(parts, request.params.id)),
  )
}

import type { Api, ApiParts } from "../api-parts.ts"
import { newestFirst, pageAnswer } from "../paging.ts"
import { Closed, PageOf, pageQuery } from "../schema-vocabulary.ts"
import { WorkspaceShown, workspaceView } from "./workspace-view.ts"

export function listWorkspaces(api: Api, { registry }: ApiParts): void {
  api.get(
    "/v1/workspaces",
    {
      schema: {
        tags: ["workspaces"],
        operationId: "listWorkspaces",
        summary: "List workspaces, newest first",
        querystring: Closed(pageQuery),
        response: { 200: PageOf(WorkspaceShown) },
      },
      config: { access: "admin" },
    },
    async (request) => {
      const found = newestFirst(request.query, registry.workspaces(), ({ id }) => id)
      return pageAnswer(request.query, found, ({ id }) => id, workspaceView)
    },
  )
}

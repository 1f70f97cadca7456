import Type from "typebox"
import { asId } from "../../domain/ids.ts"
import { type ApiKey, profileNames, scopes, type Workspace } from "../../domain/workspace.ts"
import { mintKey } from "../../secrets/api-key.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { Closed, OneOf } from "../schema-vocabulary.ts"
import { EngineVersion, WorkspaceCreated, WorkspaceName, workspaceView } from "./workspace-view.ts"

export function createWorkspace(api: Api, parts: ApiParts): void {
  const { clock, mint, random } = parts
  api.post(
    "/v1/workspaces",
    {
      schema: {
        tags: ["workspaces"],
        operationId: "createWorkspace",
        summary: "Create a workspace and its first API key",
        body: Closed({
          name: WorkspaceName,
          profile: OneOf(profileNames),
          engine_version: Type.Optional(EngineVersion),
        }),
        response: { 201: WorkspaceCreated },
      },
      config: { access: "admin" },
    },
    async (request, reply) => {
      const { body } = request
      const nowMs = clock.now()
      const workspace: Workspace = {
        id: asId(`ws_${mint.next(nowMs)}`),
        name: body.name,
        profile: body.profile,
        engineVersion: body.engine_version ?? null,
        createdMs: nowMs,
        version: 1,
      }
      const { key: clear, hash, prefix } = mintKey("tk", random.bytes(32))
      const key: ApiKey = {
        id: asId(`key_${mint.next(nowMs)}`),
        workspaceId: workspace.id,
        name: "first key",
        scopes,
        prefix,
        hash,
        createdMs: nowMs,
        expiresMs: null,
        revokedMs: null,
      }
      await change(parts, () => ({
        changes: [
          { kind: "workspace", put: workspace },
          { kind: "apiKey", put: key },
        ],
        audit: auditEntry(parts, request, nowMs, {
          workspaceId: workspace.id,
          action: "workspace.created",
          subject: workspace.id,
          after: workspaceView(workspace),
        }),
        result: null,
      }))
      return reply
        .code(201)
        .header("location", `/v1/workspaces/${workspace.id}`)
        .header("cache-control", "no-store")
        .send({ ...workspaceView(workspace), api_key: { id: key.id, key: clear } })
    },
  )
}

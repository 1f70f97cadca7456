import Type from "typebox"
import { profileNames, type Workspace } from "../../domain/workspace.ts"
import { Line, Nullable, OneOf, Time } from "../schema-vocabulary.ts"
import { rfc3339 } from "../times.ts"

export const WorkspaceName = Line(100)
export const EngineVersion = Nullable(Line(100, { description: "Stated in CyberVault's envelope" }))

const workspace = {
  id: Type.String(),
  name: Type.String(),
  profile: OneOf(profileNames),
  engine_version: Nullable(Type.String()),
  created: Time,
}

export const WorkspaceShown = Type.Object(workspace)
export const WorkspaceCreated = Type.Object({
  ...workspace,
  api_key: Type.Object({ id: Type.String(), key: Type.String({ description: "Shown only this once" }) }),
})

export function workspaceView({ id, name, profile, engineVersion, createdMs }: Workspace) {
  return { id, name, profile, engine_version: engineVersion, created: rfc3339(createdMs) }
}

import Type from "typebox"
import type { ApiKey } from "../../domain/workspace.ts"
import type { Profile } from "../../profiles/profile.ts"
import type { Registry } from "../../registry/registry.ts"
import { Scope } from "../api-keys/key-view.ts"
import { Nullable, OneOf, Time } from "../schema-vocabulary.ts"
import { rfc3339OrNull } from "../times.ts"
import { WorkspaceShown, workspaceView } from "../workspaces/workspace-view.ts"

/** Who is calling, and the face of the workspace: all that a page needs before it asks for anything else. */
export const SessionShown = Type.Object({
  workspace: WorkspaceShown,
  profile: Type.Object({
    title: Type.String(),
    header_prefix: Type.String({ description: "Before Event, Delivery, Attempt, Sequence and Test" }),
    signature_header: Type.String(),
    success_rule: Type.String(),
    timeout_seconds: Type.Object({ default: Type.Number(), max: Type.Number() }),
    ordering: OneOf(["strict", "by_key", "none"]),
    secret: OneOf(["required", "generated"]),
  }),
  key: Type.Object({ id: Type.String(), name: Type.String(), prefix: Type.String(), scopes: Type.Array(Scope) }),
  expires_at: Nullable(Type.String({ ...Time, description: "Of the session; of the key where there is none" })),
})

/** @param expiresMs null: never. */
export function sessionView(registry: Registry, key: ApiKey, expiresMs: number | null) {
  const workspace = registry.workspace(key.workspaceId)
  if (!workspace) throw new Error("an authenticated key has no workspace")
  return {
    workspace: workspaceView(workspace),
    profile: profileView(registry.profile(key.workspaceId)),
    key: { id: key.id, name: key.name, prefix: key.prefix, scopes: [...key.scopes] },
    expires_at: rfc3339OrNull(expiresMs),
  }
}

function profileView(profile: Profile) {
  return {
    title: profile.title,
    header_prefix: profile.headerPrefix,
    signature_header: profile.signature("", "")?.[0] ?? "webhook-signature",
    success_rule: profile.successRule,
    timeout_seconds: { default: profile.timeoutSeconds.default, max: profile.timeoutSeconds.max },
    ordering: profile.ordering,
    secret: profile.secret,
  }
}

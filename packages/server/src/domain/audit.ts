import type { AuditId, WorkspaceId } from "./ids.ts"

/** Who did it: an API key, the instance's admin key, or the engine itself. */
export type Actor =
  | { readonly kind: "api_key"; readonly id: string; readonly name: string }
  | { readonly kind: "admin" }
  | { readonly kind: "engine" }

export type AuditEntry = {
  readonly id: AuditId
  readonly workspaceId: WorkspaceId
  readonly atMs: number
  readonly actor: Actor
  /** The address the request came from; null for the engine's own acts. */
  readonly address: string | null
  /** `webhook.created`, `webhook.secret_revealed`, … */
  readonly action: string
  /** The id of what was acted on. */
  readonly subject: string
  /** With secrets masked; null where there was nothing. */
  readonly before: unknown
  readonly after: unknown
}

/** An entry in its workspace's chain (`audit-chain.ts`). */
export type AuditRecord = AuditEntry & {
  /** From 1, without gaps, in the order of the commits. */
  readonly sequence: number
  /** Of the record before; 64 zeros for the first. */
  readonly previousHash: string
  readonly hash: string
}

/** The last record of a workspace's chain. */
export type AuditHead = { readonly sequence: number; readonly hash: string }

import type { DatabaseSync } from "node:sqlite"
import type { WorkspaceId } from "../../../domain/ids.ts"
import type { Books } from "../books.ts"
import { writer } from "../prepared.ts"

export type TouchKeys = readonly { readonly workspaceId: WorkspaceId; readonly id: string; readonly atMs: number }[]

/** Notes when keys were last used; never an earlier moment than is known. */
export function prepareTouchKeys(db: DatabaseSync, books: Books): (used: TouchKeys) => void {
  const touch = writer(
    db,
    "UPDATE api_keys SET last_used_ms = max(coalesce(last_used_ms, 0), ?) WHERE workspace = ? AND id = ?",
  )
  return (used) => {
    for (const { workspaceId, id, atMs } of used) {
      const workspace = books.knownWorkspace(workspaceId)
      if (workspace !== null) touch(atMs, workspace, id)
    }
  }
}

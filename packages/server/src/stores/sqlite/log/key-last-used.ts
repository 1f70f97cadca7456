import type { DatabaseSync } from "node:sqlite"
import type { WorkspaceId } from "../../../domain/ids.ts"
import { number, reader, text } from "../prepared.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"

/** When each key of a workspace was last used, for those that were: id and Unix ms. */
export function prepareKeyLastUsed(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (workspaceId: WorkspaceId) => readonly (readonly [string, number])[] {
  const find = reader(db, "SELECT id, last_used_ms FROM api_keys WHERE workspace = ? AND last_used_ms IS NOT NULL")
  return (workspaceId) => {
    const workspace = visible(workspaceId)
    return workspace === null ? [] : find.rows(workspace).map((row) => [text(row[0]), number(row[1])] as const)
  }
}

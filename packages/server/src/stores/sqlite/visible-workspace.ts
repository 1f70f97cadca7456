import type { DatabaseSync } from "node:sqlite"
import type { WorkspaceId } from "../../domain/ids.ts"
import { number, reader } from "./prepared.ts"

export type VisibleWorkspace = (id: WorkspaceId) => number | null

/** The number of a workspace whose data may be shown: null for one that is unknown, or deleted and not yet removed. */
export function prepareVisibleWorkspace(db: DatabaseSync): VisibleWorkspace {
  const find = reader(db, "SELECT num FROM workspaces WHERE id = ? AND deleted_ms IS NULL")
  return (id) => {
    const row = find.row(id)
    return row === undefined ? null : number(row[0])
  }
}

import type { DatabaseSync } from "node:sqlite"
import type { AuditRecord } from "../../../domain/audit.ts"
import type { WorkspaceId } from "../../../domain/ids.ts"
import type { Page } from "../../../ports/store.ts"
import { reader, record } from "../prepared.ts"

export type AuditQuery = { readonly workspaceId: WorkspaceId | null; readonly page: Page }

/** The audit log of one workspace, or (null) of the whole instance, newest first. It outlives a workspace. */
export function prepareAudit(db: DatabaseSync): (query: AuditQuery) => readonly AuditRecord[] {
  const ofWorkspace = reader(
    db,
    "SELECT record FROM audit WHERE workspace_id = ? AND (?2 IS NULL OR id < ?2) ORDER BY id DESC LIMIT ?3",
  )
  const ofAll = reader(db, "SELECT record FROM audit WHERE (?1 IS NULL OR id < ?1) ORDER BY id DESC LIMIT ?2")
  return ({ workspaceId, page }) => {
    const rows =
      workspaceId === null
        ? ofAll.rows(page.before, page.limit)
        : ofWorkspace.rows(workspaceId, page.before, page.limit)
    return rows.map((row) => record<AuditRecord>(row[0]))
  }
}

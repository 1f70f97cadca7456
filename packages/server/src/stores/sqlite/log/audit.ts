import type { DatabaseSync } from "node:sqlite"
import type { AuditRecord } from "../../../domain/audit.ts"
import type { WorkspaceId } from "../../../domain/ids.ts"
import type { Page } from "../../../ports/store.ts"
import { reader, record } from "../prepared.ts"
import { aboveAll } from "./time-bounds.ts"

export type AuditQuery = { readonly workspaceId: WorkspaceId | null; readonly page: Page }

/** The audit log of one workspace, or (null) of the whole instance, newest first. It outlives a workspace. */
export function prepareAudit(db: DatabaseSync): (query: AuditQuery) => readonly AuditRecord[] {
  const ofWorkspace = reader(db, "SELECT record FROM audit WHERE workspace_id = ? AND id < ? ORDER BY id DESC LIMIT ?")
  const ofAll = reader(db, "SELECT record FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?")
  return ({ workspaceId, page }) => {
    const before = page.before ?? aboveAll
    const rows =
      workspaceId === null ? ofAll.rows(before, page.limit) : ofWorkspace.rows(workspaceId, before, page.limit)
    return rows.map((row) => record<AuditRecord>(row[0]))
  }
}

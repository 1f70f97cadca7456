import type { DatabaseSync } from "node:sqlite"
import type { AuditHead, AuditRecord } from "../../../domain/audit.ts"
import type { WorkspaceId } from "../../../domain/ids.ts"
import type { Page } from "../../../ports/store.ts"
import { aboveAll } from "../../time-bounds.ts"
import { number, type Row, reader, record, text } from "../prepared.ts"

export type AuditQuery = { readonly workspaceId: WorkspaceId | null; readonly page: Page }

/** The audit log of one workspace, or (null) of the whole instance, newest first. It outlives a workspace. */
export function prepareAudit(db: DatabaseSync): (query: AuditQuery) => readonly AuditRecord[] {
  const ofWorkspace = reader(
    db,
    "SELECT record, sequence FROM audit WHERE workspace_id = ? AND id < ? ORDER BY id DESC LIMIT ?",
  )
  const ofAll = reader(db, "SELECT record, sequence FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?")
  return ({ workspaceId, page }) => {
    const before = page.before ?? aboveAll
    const rows =
      workspaceId === null ? ofAll.rows(before, page.limit) : ofWorkspace.rows(workspaceId, before, page.limit)
    return rows.map(auditRecord)
  }
}

export type AuditChainQuery = {
  readonly workspaceId: WorkspaceId
  readonly afterSequence: number
  readonly limit: number
}

/** See `Store.auditChain`. */
export function prepareAuditChain(db: DatabaseSync): (query: AuditChainQuery) => readonly AuditRecord[] {
  const chain = reader(
    db,
    "SELECT record, sequence FROM audit WHERE workspace_id = ? AND sequence > ? ORDER BY sequence LIMIT ?",
  )
  return ({ workspaceId, afterSequence, limit }) => chain.rows(workspaceId, afterSequence, limit).map(auditRecord)
}

/** See `Store.auditHead`. */
export function prepareAuditHead(db: DatabaseSync): (workspaceId: WorkspaceId) => AuditHead | null {
  const head = reader(db, "SELECT sequence, hash FROM audit_heads WHERE workspace_id = ?")
  return (workspaceId) => {
    const row = head.row(workspaceId)
    return row === undefined ? null : { sequence: number(row[0]), hash: text(row[1]) }
  }
}

function auditRecord(row: Row): AuditRecord {
  // Written before there was a chain.
  if (row[1] === null) return { ...record<AuditRecord>(row[0]), sequence: 0, previousHash: "", hash: "" }
  return record<AuditRecord>(row[0])
}

import type { AuditHead, AuditRecord } from "../../../domain/audit.ts"
import type { WorkspaceId } from "../../../domain/ids.ts"
import type { Page } from "../../../ports/store.ts"
import { number, record, text } from "../columns.ts"
import type { Row, Runner } from "../session.ts"

/** The audit log of one workspace, or (null) of the whole instance, newest first. It outlives a workspace. */
export async function audit(
  run: Runner["run"],
  workspaceId: WorkspaceId | null,
  page: Page,
): Promise<readonly AuditRecord[]> {
  const rows =
    workspaceId === null
      ? await run("SELECT record, sequence FROM audit WHERE ($1::text IS NULL OR id < $1) ORDER BY id DESC LIMIT $2", [
          page.before,
          page.limit,
        ])
      : await run(
          `SELECT record, sequence FROM audit WHERE workspace_id = $1 AND ($2::text IS NULL OR id < $2)
           ORDER BY id DESC LIMIT $3`,
          [workspaceId, page.before, page.limit],
        )
  return rows.map(auditRecord)
}

/** See `Store.auditChain`. */
export async function auditChain(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  afterSequence: number,
  limit: number,
): Promise<readonly AuditRecord[]> {
  const rows = await run(
    "SELECT record, sequence FROM audit WHERE workspace_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3",
    [workspaceId, afterSequence, limit],
  )
  return rows.map(auditRecord)
}

/** See `Store.auditHead`. */
export async function auditHead(run: Runner["run"], workspaceId: WorkspaceId): Promise<AuditHead | null> {
  const [row] = await run("SELECT sequence, hash FROM audit_heads WHERE workspace_id = $1 AND sequence > 0", [
    workspaceId,
  ])
  return row === undefined ? null : { sequence: number(row, "sequence"), hash: text(row, "hash") }
}

function auditRecord(row: Row): AuditRecord {
  // Written before there was a chain.
  if (row.sequence === null) return { ...record<AuditRecord>(row), sequence: 0, previousHash: "", hash: "" }
  return record<AuditRecord>(row)
}

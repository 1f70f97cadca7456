import type { DatabaseSync } from "node:sqlite"
import type { AuditEntry, AuditHead } from "../../../domain/audit.ts"
import { linked } from "../../../domain/audit-chain.ts"
import type { AuditId } from "../../../domain/ids.ts"
import { number, reader, text, writer } from "../prepared.ts"

export type Note = (entry: AuditEntry) => AuditId

/** Appends to the audit log. Only one connection writes, so the order of the chain is that of the commits. */
export function prepareNote(db: DatabaseSync): Note {
  const headOf = reader(db, "SELECT sequence, hash FROM audit_heads WHERE workspace_id = ?")
  const putHead = writer(db, "INSERT OR REPLACE INTO audit_heads (workspace_id, sequence, hash) VALUES (?, ?, ?)")
  const add = writer(db, "INSERT INTO audit (id, workspace_id, sequence, record) VALUES (?, ?, ?, ?)")

  function head(workspaceId: string): AuditHead | null {
    const row = headOf.row(workspaceId)
    return row === undefined ? null : { sequence: number(row[0]), hash: text(row[1]) }
  }

  return (entry) => {
    const record = linked(entry, head(entry.workspaceId))
    add(record.id, record.workspaceId, record.sequence, JSON.stringify(record))
    putHead(record.workspaceId, record.sequence, record.hash)
    return entry.id
  }
}

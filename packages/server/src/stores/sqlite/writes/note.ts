import type { DatabaseSync } from "node:sqlite"
import type { AuditEntry } from "../../../domain/audit.ts"
import type { AuditId } from "../../../domain/ids.ts"
import { writer } from "../prepared.ts"

export type Note = (entry: AuditEntry) => AuditId

/** Appends to the audit log. */
export function prepareNote(db: DatabaseSync): Note {
  const add = writer(db, "INSERT INTO audit (id, workspace_id, record) VALUES (?, ?, ?)")
  return (entry) => {
    add(entry.id, entry.workspaceId, JSON.stringify(entry))
    return entry.id
  }
}

import type { AuditEntry } from "../../../domain/audit.ts"
import type { AuditId } from "../../../domain/ids.ts"
import { columns } from "../literals.ts"
import type { Runner } from "../session.ts"

/** Appends to the audit log. */
export async function noteAll(run: Runner["run"], entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return
  await run(
    "INSERT INTO audit (workspace_id, id, record) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])",
    columns(
      entries,
      (entry) => entry.workspaceId,
      (entry) => entry.id,
      (entry) => JSON.stringify(entry),
    ),
  )
}

export async function note(run: Runner["run"], entry: AuditEntry): Promise<AuditId> {
  await noteAll(run, [entry])
  return entry.id
}

import type { AuditEntry, AuditHead, AuditRecord } from "../../../domain/audit.ts"
import { linked } from "../../../domain/audit-chain.ts"
import type { AuditId } from "../../../domain/ids.ts"
import { number, text } from "../columns.ts"
import { columns } from "../literals.ts"
import type { Runner } from "../session.ts"

type Run = Runner["run"]

/**
 * Appends to the audit log, within a transaction: the head's row lock makes those who append to one workspace's chain,
 * on whatever nodes, take turns until their commit.
 */
export async function noteAll(run: Run, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return
  const heads = new Map<string, AuditHead>()
  // In one order everywhere, so that two writers never wait for each other.
  for (const workspaceId of [...new Set(entries.map((entry) => entry.workspaceId))].sort()) {
    const head = await lockedHead(run, workspaceId)
    if (head !== null) heads.set(workspaceId, head)
  }
  const records = entries.map((entry): AuditRecord => {
    const record = linked(entry, heads.get(entry.workspaceId) ?? null)
    heads.set(entry.workspaceId, { sequence: record.sequence, hash: record.hash })
    return record
  })
  await run(
    `INSERT INTO audit (workspace_id, id, sequence, record)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[])`,
    columns(
      records,
      (record) => record.workspaceId,
      (record) => record.id,
      (record) => record.sequence,
      (record) => JSON.stringify(record),
    ),
  )
  for (const [workspaceId, { sequence, hash }] of heads)
    await run("UPDATE audit_heads SET sequence = $2, hash = $3 WHERE workspace_id = $1", [workspaceId, sequence, hash])
}

/** Null for a workspace without records. The row is made all the same: there must be one to wait for. */
async function lockedHead(run: Run, workspaceId: string): Promise<AuditHead | null> {
  await run("INSERT INTO audit_heads (workspace_id, sequence, hash) VALUES ($1, 0, '') ON CONFLICT DO NOTHING", [
    workspaceId,
  ])
  const [row] = await run("SELECT sequence, hash FROM audit_heads WHERE workspace_id = $1 FOR UPDATE", [workspaceId])
  if (row === undefined || number(row, "sequence") === 0) return null
  return { sequence: number(row, "sequence"), hash: text(row, "hash") }
}

export async function note(run: Run, entry: AuditEntry): Promise<AuditId> {
  await noteAll(run, [entry])
  return entry.id
}

import type { AuditRecord } from "../../../domain/audit.ts"
import type { WorkspaceId } from "../../../domain/ids.ts"
import type { Page } from "../../../ports/store.ts"
import { record } from "../columns.ts"
import type { Runner } from "../session.ts"

/** The audit log of one workspace, or (null) of the whole instance, newest first. It outlives a workspace. */
export async function audit(
  run: Runner["run"],
  workspaceId: WorkspaceId | null,
  page: Page,
): Promise<readonly AuditRecord[]> {
  const rows =
    workspaceId === null
      ? await run("SELECT record FROM audit WHERE ($1::text IS NULL OR id < $1) ORDER BY id DESC LIMIT $2", [
          page.before,
          page.limit,
        ])
      : await run(
          `SELECT record FROM audit WHERE workspace_id = $1 AND ($2::text IS NULL OR id < $2)
           ORDER BY id DESC LIMIT $3`,
          [workspaceId, page.before, page.limit],
        )
  return rows.map((row) => record<AuditRecord>(row))
}

import { columns } from "../literals.ts"
import type { Runner } from "../session.ts"

export type KeyUse = { readonly workspaceId: string; readonly id: string; readonly atMs: number }

/** Notes when keys were last used; never an earlier moment than is known. */
export async function touchKeys(run: Runner["run"], used: readonly KeyUse[]): Promise<void> {
  if (used.length === 0) return
  await run(
    `UPDATE api_keys k SET last_used_ms = greatest(coalesce(k.last_used_ms, 0), u.at_ms)
     FROM (SELECT workspace_id, id, max(at_ms) AS at_ms
           FROM unnest($1::text[], $2::text[], $3::bigint[]) AS all_used (workspace_id, id, at_ms) GROUP BY 1, 2) u
     WHERE k.workspace_id = u.workspace_id AND k.id = u.id`,
    columns(
      used,
      (each) => each.workspaceId,
      (each) => each.id,
      (each) => each.atMs,
    ),
  )
}

import type { WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import { number, text } from "../columns.ts"
import { columns } from "../literals.ts"
import { addMinutes, Minutes, side } from "../minutes.ts"
import type { Runner } from "../session.ts"
import { bucket, code } from "../states.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

/** Ends some of a webhook's waiting deliveries; see `Store.cancelWaiting`. */
export async function cancelWaiting(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  webhookId: WebhookId,
  atMs: number,
  limit: number,
): Promise<number> {
  // Two walks, each along an index that holds nothing but what waits.
  const pick = (state: number) =>
    `(SELECT id, minted_ms, attempts FROM deliveries WHERE workspace_id = $1 AND webhook_id = $2 AND state = ${state}
      ORDER BY sequence LIMIT $3 FOR UPDATE SKIP LOCKED)`
  const rows = await run(
    `SELECT id, minted_ms, attempts FROM (
       SELECT * FROM ${pick(code.fresh)} a UNION ALL SELECT * FROM ${pick(code.again)} b LIMIT $3) p
     WHERE ${workspaceIsVisible} AND NOT EXISTS (
       SELECT 1 FROM webhooks w WHERE w.workspace_id = $1 AND w.webhook_id = $2 AND NOT w.deleted)`,
    [workspaceId, webhookId, limit],
  )
  if (rows.length === 0) return 0
  // Apart, and with the moments themselves: joined, it would lock all days for writing, and wait while one is dropped.
  await run(
    `UPDATE deliveries d SET state = ${code.cancelled}, due_ms = NULL, ended_ms = $2, because = NULL
     FROM unnest($3::text[], $4::bigint[]) AS p (id, minted_ms)
     WHERE d.workspace_id = $1 AND d.id = p.id AND d.minted_ms = p.minted_ms AND d.minted_ms = ANY ($4::bigint[])`,
    [
      workspaceId,
      atMs,
      ...columns(
        rows,
        (row) => text(row, "id"),
        (row) => number(row, "minted_ms"),
      ),
    ],
  )
  await run(
    `INSERT INTO webhook_health AS h (workspace_id, webhook_id, ended) VALUES ($1, $2, $3)
     ON CONFLICT (workspace_id, webhook_id) DO UPDATE SET ended = h.ended + excluded.ended`,
    [workspaceId, webhookId, rows.length],
  )
  const minutes = new Minutes()
  for (const row of rows) {
    const [minted, attempts] = [number(row, "minted_ms"), number(row, "attempts")]
    minutes.count(workspaceId, webhookId, minted, bucket(code.fresh, attempts), -1)
    minutes.count(workspaceId, webhookId, minted, "cancelled", 1)
  }
  await run(addMinutes(1, side.settling), minutes.columns())
  return rows.length
}

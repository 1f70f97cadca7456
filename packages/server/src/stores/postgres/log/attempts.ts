import { attemptIn } from "../../../domain/attempt-detail.ts"
import type { Attempt } from "../../../domain/delivery.ts"
import type { DeliveryId, WorkspaceId } from "../../../domain/ids.ts"
import { number, numberOrNull, text } from "../columns.ts"
import { mintedMs } from "../minted.ts"
import type { Runner } from "../session.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

/** The attempts of a delivery, oldest first. */
export async function attempts(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  id: DeliveryId,
): Promise<readonly Attempt[]> {
  const rows = await run(
    `SELECT number, at_ms, duration_ms, status_code, detail FROM attempts
     WHERE workspace_id = $1 AND delivery_id = $2 AND minted_ms = $3 AND ${workspaceIsVisible}
     ORDER BY number, at_ms`,
    [workspaceId, id, mintedMs(id)],
  )
  return rows.map((row) =>
    attemptIn({
      number: number(row, "number"),
      atMs: number(row, "at_ms"),
      durationMs: number(row, "duration_ms"),
      statusCode: numberOrNull(row, "status_code"),
      detail: text(row, "detail"),
    }),
  )
}

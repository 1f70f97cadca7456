import type { Attempt, AttemptError, HeaderList } from "../../../domain/delivery.ts"
import type { DeliveryId, WorkspaceId } from "../../../domain/ids.ts"
import { number, numberOrNull, record } from "../columns.ts"
import { mintedMs } from "../minted.ts"
import type { Runner } from "../session.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

/** What `settle` writes into one column. */
type AttemptDetail = readonly [AttemptError | null, HeaderList, HeaderList, string]

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
  return rows.map((row) => {
    const [error, requestHeaders, responseHeaders, responseBody] = record<AttemptDetail>(row, "detail")
    return {
      number: number(row, "number"),
      atMs: number(row, "at_ms"),
      durationMs: number(row, "duration_ms"),
      statusCode: numberOrNull(row, "status_code"),
      error,
      requestHeaders,
      responseHeaders,
      responseBody,
    }
  })
}

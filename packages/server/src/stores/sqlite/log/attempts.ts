import type { DatabaseSync } from "node:sqlite"
import { attemptIn } from "../../../domain/attempt-detail.ts"
import type { Attempt } from "../../../domain/delivery.ts"
import { number, numberOrNull, reader, text } from "../prepared.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"
import type { OneDelivery } from "./delivery.ts"

/** The attempts of a delivery, oldest first. */
export function prepareAttempts(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (query: OneDelivery) => readonly Attempt[] {
  const find = reader(
    db,
    `SELECT number, at_ms, duration_ms, status_code, detail FROM attempts
     WHERE workspace = ? AND delivery = ? ORDER BY number, num`,
  )
  return ({ workspaceId, id }) => {
    const workspace = visible(workspaceId)
    if (workspace === null) return []
    return find.rows(workspace, id).map((row) =>
      attemptIn({
        number: number(row[0]),
        atMs: number(row[1]),
        durationMs: number(row[2]),
        statusCode: numberOrNull(row[3]),
        detail: text(row[4]),
      }),
    )
  }
}

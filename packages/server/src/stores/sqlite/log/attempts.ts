import type { DatabaseSync } from "node:sqlite"
import type { Attempt } from "../../../domain/delivery.ts"
import { number, numberOrNull, reader, record } from "../prepared.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"
import type { AttemptDetail } from "../writes/tape.ts"
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
    return find.rows(workspace, id).map((row) => {
      const [error, requestHeaders, responseHeaders, responseBody] = record<AttemptDetail>(row[4])
      return {
        number: number(row[0]),
        atMs: number(row[1]),
        durationMs: number(row[2]),
        statusCode: numberOrNull(row[3]),
        error,
        requestHeaders,
        responseHeaders,
        responseBody,
      }
    })
  }
}

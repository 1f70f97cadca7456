import type { DatabaseSync } from "node:sqlite"
import type { Next } from "../../../domain/delivery.ts"
import type { Books } from "../books.ts"
import { number, numberOrNull, reader, textOrNull, writer } from "../prepared.ts"
import { code, isWaiting } from "../states.ts"
import { type Position, recount } from "./move-delivery.ts"
import type { SettlementOnTape } from "./tape.ts"

/** Records an attempt and moves its delivery; see `Store.settle`. What has been forgotten meanwhile is left alone. */
export function prepareSettle(db: DatabaseSync, books: Books): (settlement: SettlementOnTape) => void {
  const find = reader(
    db,
    `SELECT webhook, state, attempts, created_ms, due_ms, ended_ms, because, last_status_code, last_error_code,
       window_from_ms FROM deliveries WHERE workspace = ? AND id = ?`,
  )
  const update = writer(
    db,
    `UPDATE deliveries SET state = ?, attempts = ?, due_ms = ?, ended_ms = ?, because = ?, last_status_code = ?,
       last_error_code = ? WHERE workspace = ? AND id = ?`,
  )
  const findAttempt = reader(
    db,
    "SELECT 1 FROM attempts WHERE workspace = ? AND delivery = ? AND number = ? AND at_ms = ?",
  )
  const addAttempt = writer(
    db,
    `INSERT INTO attempts (workspace, delivery, number, at_ms, duration_ms, status_code, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )

  return ({ workspaceId, deliveryId, atMs, attempt, next, windowFromMs }) => {
    const workspace = books.knownWorkspace(workspaceId)
    if (workspace === null) return
    const row = find.row(workspace, deliveryId)
    if (row === undefined || (windowFromMs !== null && number(row[9]) !== windowFromMs)) return
    const from: Position = {
      webhook: number(row[0]),
      state: number(row[1]),
      attempts: number(row[2]),
      createdMs: number(row[3]),
      dueMs: numberOrNull(row[4]),
      endedMs: numberOrNull(row[5]),
    }
    // Looked for only where one of that number can be there.
    const mayBeThere = attempt !== null && attempt.number <= from.attempts
    if (mayBeThere && findAttempt.row(workspace, deliveryId, attempt.number, attempt.atMs) !== undefined) return
    const attempts = attempt === null ? from.attempts : Math.max(from.attempts, attempt.number)
    const to = { ...after(from, next, atMs, textOrNull(row[6])), attempts }
    update(
      to.state,
      attempts,
      to.dueMs,
      to.endedMs,
      to.because,
      attempt === null ? numberOrNull(row[7]) : attempt.statusCode,
      attempt === null ? textOrNull(row[8]) : attempt.errorCode,
      workspace,
      deliveryId,
    )
    recount(books, from, to)
    if (attempt === null) return
    addAttempt(
      workspace,
      deliveryId,
      attempt.number,
      attempt.atMs,
      attempt.durationMs,
      attempt.statusCode,
      attempt.detail,
    )
    const succeeded = next.state === "delivered"
    const latencyMs = attempt.statusCode === null ? null : attempt.durationMs
    books.attempted(from.webhook, attempt.atMs, succeeded, atMs, latencyMs)
  }
}

type To = {
  readonly state: number
  readonly dueMs: number | null
  readonly endedMs: number | null
  readonly because: string | null
}

function after(from: Position, next: Next, atMs: number, because: string | null): To {
  // A delivery that has ended stays as it is, unless what came late is a success.
  if (!isWaiting(from.state) && (next.state !== "delivered" || from.state === code.delivered))
    return { state: from.state, dueMs: from.dueMs, endedMs: from.endedMs, because }
  switch (next.state) {
    case "waiting":
      return { state: code.again, dueMs: next.dueMs, endedMs: null, because: null }
    case "exhausted":
      return { state: code.exhausted, dueMs: null, endedMs: atMs, because: next.because }
    case "delivered":
    case "expired":
    case "cancelled":
      return { state: code[next.state], dueMs: null, endedMs: atMs, because: null }
  }
}

import type { RecordedAttempt } from "../../domain/delivery.ts"
import type { DeliveryId, WebhookId, WorkspaceId } from "../../domain/ids.ts"
import { countAttempt } from "../../domain/webhook-health.ts"
import type { Settlement } from "../../ports/store.ts"
import { type DeliveryRow, end, type Rows, wait } from "./rows.ts"

/** See `Store.settle`. What has been forgotten meanwhile is left alone. */
export function settle(rows: Rows, settlement: Settlement): void {
  const { workspaceId, deliveryId, atMs, attempt, next } = settlement
  const row = rows.workspaces.get(workspaceId)?.deliveries.get(deliveryId)
  if (row === undefined || row.windowFromMs !== (settlement.windowFromMs ?? row.windowFromMs)) return
  const succeeded = next.state === "delivered"
  if (attempt !== null) {
    if (isRecorded(row, attempt)) return
    row.attempts.push(attempt)
    row.attemptsMade = Math.max(row.attemptsMade, attempt.number)
    row.lastStatusCode = attempt.statusCode
    row.lastErrorCode = attempt.error?.code ?? null
    if (succeeded) row.successes.push(attempt)
    countAttempt(row.webhook, succeeded, atMs)
  }
  // A delivery that has ended stays as it is, unless what came late is a success.
  if (row.state !== "waiting" && (!succeeded || row.state === "delivered")) return
  if (next.state === "waiting") wait(row, next.dueMs)
  else end(row, next.state, atMs, next.state === "exhausted" ? next.because : null)
}

function isRecorded(row: DeliveryRow, { number, atMs }: RecordedAttempt): boolean {
  return row.attempts.some((each) => each.number === number && each.atMs === atMs)
}

/** See `Store.reopen`. */
export function reopen(rows: Rows, workspaceId: WorkspaceId, id: DeliveryId, nowMs: number): WebhookId | null {
  const row = rows.visible(workspaceId)?.deliveries.get(id)
  if (row === undefined) return null
  if (row.state !== "waiting") {
    row.windowFromMs = nowMs
    row.attemptsBefore = row.attemptsMade
  }
  wait(row, nowMs)
  return row.webhook.id
}

/** See `Store.cancelWaiting`. */
export function cancelWaiting(
  rows: Rows,
  workspaceId: WorkspaceId,
  webhookId: WebhookId,
  atMs: number,
  limit: number,
): number {
  const webhook = rows.workspaces.get(workspaceId)?.webhooks.get(webhookId)
  if (webhook === undefined || webhook.record?.deletedMs === null) return 0
  const cancelled = [...webhook.waiting].slice(0, limit)
  for (const row of cancelled) end(row, "cancelled", atMs, null)
  return cancelled.length
}

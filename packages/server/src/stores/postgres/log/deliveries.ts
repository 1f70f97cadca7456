import { type DeliveryStatus, deliveryStatus } from "../../../domain/delivery.ts"
import {
  asId,
  type DeliveryId,
  type EventId,
  type ReplayId,
  type WebhookId,
  type WorkspaceId,
} from "../../../domain/ids.ts"
import type { DeliveryFilter, DeliveryRecord, Page } from "../../../ports/store.ts"
import { number, numberOrNull, text, textOrNull } from "../columns.ts"
import { mintedMs, mintSlackMs } from "../minted.ts"
import type { Row, Runner, Value } from "../session.ts"
import { code, storedState } from "../states.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

const select = `SELECT d.*, coalesce(w.sending, true) AS webhook_sending, coalesce(w.deleted, false) AS webhook_deleted
  FROM deliveries d LEFT JOIN webhooks w ON w.workspace_id = d.workspace_id AND w.webhook_id = d.webhook_id`

const waiting = "d.state IN (0, 2)"
const deleted = "coalesce(w.deleted, false)"
const sending = "coalesce(w.sending, true)"

/** The rule of `deliveryStatus` (domain/delivery.ts), in SQL. */
const hasStatus: Readonly<Record<DeliveryStatus, string>> = {
  pending: `${waiting} AND NOT ${deleted} AND ${sending} AND d.attempts = 0`,
  // `state >= 2` repeats what follows, so that the index of troubled ones serves.
  retrying: `d.state >= 2 AND ${waiting} AND NOT ${deleted} AND ${sending} AND d.attempts > 0`,
  held: `${waiting} AND NOT ${deleted} AND NOT ${sending}`,
  delivered: `d.state = ${code.delivered}`,
  exhausted: `d.state >= 2 AND d.state = ${code.exhausted}`,
  expired: `d.state >= 2 AND d.state = ${code.expired}`,
  cancelled: `(d.state = ${code.cancelled} OR (${waiting} AND ${deleted}))`,
}

export async function delivery(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  id: DeliveryId,
): Promise<DeliveryRecord | null> {
  const [row] = await run(
    `${select} WHERE d.workspace_id = $1 AND d.id = $2 AND d.minted_ms = $3 AND ${workspaceIsVisible}`,
    [workspaceId, id, mintedMs(id)],
  )
  return row === undefined ? null : deliveryRecord(workspaceId, row)
}

/** A page of deliveries, newest first; see `Store.deliveries`. */
export async function deliveries(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  filter: DeliveryFilter,
  page: Page,
): Promise<readonly DeliveryRecord[]> {
  const values: Value[] = [workspaceId]
  const conditions = ["d.workspace_id = $1", workspaceIsVisible]
  const where = (condition: string, value: Value) => {
    values.push(value)
    conditions.push(condition.replaceAll("?", `$${values.length}`))
  }
  if (filter.webhookId !== undefined) where("d.webhook_id = ?", filter.webhookId)
  if (filter.eventId !== undefined) where("d.event_id = ?", filter.eventId)
  if (filter.eventType !== undefined) where("d.event_type = ?", filter.eventType)
  // The mint's time as well, which names the partitions to look into.
  if (filter.fromMs !== undefined) {
    where("d.created_ms >= ?", filter.fromMs)
    where("d.minted_ms >= ?", filter.fromMs - mintSlackMs)
  }
  if (filter.toMs !== undefined) {
    where("d.created_ms < ?", filter.toMs)
    where("d.minted_ms < ?", filter.toMs + mintSlackMs)
  }
  if (filter.status !== undefined) conditions.push(hasStatus[filter.status])
  if (page.before !== null) {
    where("d.id < ?", page.before)
    where("d.minted_ms <= ?", mintedMs(page.before))
  }
  values.push(page.limit)
  const rows = await run(
    `${select} WHERE ${conditions.join(" AND ")} ORDER BY d.id DESC LIMIT $${values.length}`,
    values,
  )
  return rows.map((row) => deliveryRecord(workspaceId, row))
}

function deliveryRecord(workspaceId: WorkspaceId, row: Row): DeliveryRecord {
  const state = storedState(number(row, "state"))
  const attempts = number(row, "attempts")
  const webhook = { sending: row.webhook_sending === true, deleted: row.webhook_deleted === true }
  const status = deliveryStatus(state, attempts, webhook)
  const replayId = textOrNull(row, "replay_id")
  return {
    id: asId<DeliveryId>(text(row, "id")),
    workspaceId,
    webhookId: asId<WebhookId>(text(row, "webhook_id")),
    eventId: asId<EventId>(text(row, "event_id")),
    eventType: text(row, "event_type"),
    sequence: number(row, "sequence"),
    laneKey: text(row, "lane_key"),
    state,
    status,
    because: textOrNull(row, "because"),
    attempts,
    createdMs: number(row, "created_ms"),
    windowFromMs: number(row, "window_from_ms"),
    // One of a deleted webhook will not be sent, whatever its row still says.
    dueMs: status === "cancelled" ? null : numberOrNull(row, "due_ms"),
    endedMs: numberOrNull(row, "ended_ms"),
    replayId: replayId === null ? null : asId<ReplayId>(replayId),
    lastStatusCode: numberOrNull(row, "last_status_code"),
    lastErrorCode: textOrNull(row, "last_error_code"),
  }
}

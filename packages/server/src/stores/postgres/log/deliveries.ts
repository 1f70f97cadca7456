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
import { pageFrom, type Stride } from "../../stride.ts"
import { idsBetween } from "../../time-bounds.ts"
import { number, numberOrNull, text, textOrNull } from "../columns.ts"
import { mintedMs, mintSlackMs } from "../minted.ts"
import type { Row, Runner } from "../session.ts"
import { code, storedState } from "../states.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"
import { Conditions } from "./conditions.ts"
import { ends } from "./ends.ts"
import { strideEnd } from "./stride-end.ts"

const select = (from: string) => `SELECT d.*, coalesce(w.sending, true) AS webhook_sending,
    coalesce(w.deleted, false) AS webhook_deleted
  FROM ${from} d LEFT JOIN webhooks w ON w.workspace_id = d.workspace_id AND w.webhook_id = d.webhook_id`

const waiting = "d.state IN (0, 2)"
const deleted = "coalesce(w.deleted, false)"
const sending = "coalesce(w.sending, true)"

/** The rule of `deliveryStatus` (domain/delivery.ts), in SQL. */
const hasStatus: Readonly<Record<DeliveryStatus, string>> = {
  pending: `${waiting} AND NOT ${deleted} AND ${sending} AND d.attempts = 0`,
  retrying: `${waiting} AND NOT ${deleted} AND ${sending} AND d.attempts > 0`,
  held: `${waiting} AND NOT ${deleted} AND NOT ${sending}`,
  delivered: `d.state = ${code.delivered}`,
  exhausted: `d.state = ${code.exhausted}`,
  expired: `d.state = ${code.expired}`,
  cancelled: `(d.state = ${code.cancelled} OR (${waiting} AND ${deleted}))`,
}

export async function delivery(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  id: DeliveryId,
): Promise<DeliveryRecord | null> {
  const [row] = await run(
    `${select("deliveries")} WHERE d.workspace_id = $1 AND d.id = $2 AND d.minted_ms = $3 AND ${workspaceIsVisible}`,
    [workspaceId, id, mintedMs(id)],
  )
  return row === undefined ? null : deliveryRecord(workspaceId, row)
}

/** A page of deliveries, newest first; see `Store.deliveries`. */
export function deliveries(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  filter: DeliveryFilter,
  page: Page,
  signal: AbortSignal | undefined,
): Promise<readonly DeliveryRecord[]> {
  return pageFrom(page.limit, page.before, signal, (limit, before) =>
    stretch(run, workspaceId, filter, { limit, before }),
  )
}

async function stretch(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  filter: DeliveryFilter,
  page: Page,
): Promise<Stride<DeliveryRecord>> {
  const found = await ends(run, "deliveries", workspaceId)
  if (found === null) return { items: [], resumeBefore: null }
  const span = idsBetween(found.oldest, found.newest, filter.fromMs, filter.toMs, page.before)
  const rows = walked(workspaceId, filter)
  // The mint's time as well, which names the partitions to look into.
  rows.add("d.id < ?", span.above).add("d.id >= ?", span.least)
  if (filter.fromMs !== undefined) rows.add("d.minted_ms >= ?", filter.fromMs - mintSlackMs)
  if (filter.toMs !== undefined) rows.add("d.minted_ms < ?", filter.toMs + mintSlackMs)
  if (page.before !== null) rows.add("d.minted_ms <= ?", mintedMs(page.before))
  const isFiltered = [filter.eventType, filter.status, filter.fromMs, filter.toMs].some((each) => each !== undefined)
  const end = isFiltered ? await strideEnd(run, "deliveries", rows) : null
  if (end !== null) rows.add("d.id >= ?", end).add("d.minted_ms >= ?", mintedMs(end))

  const passing = new Conditions(["true"], rows.values)
  if (filter.fromMs !== undefined) passing.add("d.created_ms >= ?", filter.fromMs)
  if (filter.toMs !== undefined) passing.add("d.created_ms < ?", filter.toMs)
  if (filter.eventType !== undefined) passing.add("d.event_type = ?", filter.eventType)
  const limit = passing.parameter(page.limit)
  const where = filter.status === undefined ? passing.sql : passing.and(hasStatus[filter.status]).sql
  // Apart, where the planner cannot take another index for a filter than the one the stretch was measured on.
  const stretched = `SELECT d.* FROM deliveries d WHERE ${rows.sql}`
  const from = isFiltered ? `(${stretched} OFFSET 0)` : `(${stretched} ORDER BY d.id DESC LIMIT ${limit})`
  const items = await run(`${select(from)} WHERE ${where} ORDER BY d.id DESC LIMIT ${limit}`, passing.values)
  return {
    items: items.map((row) => deliveryRecord(workspaceId, row)),
    resumeBefore: end === null || items.length >= page.limit ? null : end,
  }
}

/** Statuses that only rows of the index `deliveries_troubled` can have. */
const troubled: ReadonlySet<DeliveryStatus> = new Set(["retrying", "exhausted", "expired"])

/** Which rows to walk: along one index, the fewest that surely hold all that may match. */
function walked(workspaceId: WorkspaceId, { eventId, webhookId, status }: DeliveryFilter): Conditions {
  const rows = new Conditions(["d.workspace_id = $1", workspaceIsVisible], [workspaceId])
  if (eventId !== undefined) rows.add("d.event_id = ?", eventId)
  if (webhookId !== undefined) rows.add("d.webhook_id = ?", webhookId)
  const isTroubled = status !== undefined && troubled.has(status) && eventId === undefined && webhookId === undefined
  return isTroubled ? rows.and("d.state >= 2") : rows
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

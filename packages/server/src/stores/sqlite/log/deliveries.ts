import type { DatabaseSync, SQLInputValue } from "node:sqlite"
import type { DeliveryStatus } from "../../../domain/delivery.ts"
import type { WorkspaceId } from "../../../domain/ids.ts"
import type { DeliveryFilter, DeliveryRecord, Page } from "../../../ports/store.ts"
import { type Stride, strideRows } from "../../stride.ts"
import { idsBetween } from "../../time-bounds.ts"
import { number, reader, text } from "../prepared.ts"
import { code } from "../states.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"
import { deliveryColumns, deliveryJoins, deliveryRecord } from "./delivery.ts"
import { statements } from "./statements.ts"

export type DeliveriesQuery = {
  readonly workspaceId: WorkspaceId
  readonly filter: DeliveryFilter
  readonly page: Page
}

const waiting = "d.state IN (0, 2)"

/** The rule of `deliveryStatus` (domain/delivery.ts), in SQL. */
const hasStatus: Readonly<Record<DeliveryStatus, string>> = {
  pending: `${waiting} AND w.deleted = 0 AND w.sending = 1 AND d.attempts = 0`,
  retrying: `${waiting} AND w.deleted = 0 AND w.sending = 1 AND d.attempts > 0`,
  held: `${waiting} AND w.deleted = 0 AND w.sending = 0`,
  delivered: `d.state = ${code.delivered}`,
  exhausted: `d.state = ${code.exhausted}`,
  expired: `d.state = ${code.expired}`,
  cancelled: `(d.state = ${code.cancelled} OR (${waiting} AND w.deleted = 1))`,
}

/** Statuses that only rows of the index `deliveries_troubled` can have. */
const troubled: ReadonlySet<DeliveryStatus> = new Set(["retrying", "exhausted", "expired"])

/** Which rows to walk, the fewest that surely hold all that may match. */
type Walk = {
  readonly from: string
  /** Where `from` has the id, when not in `d`: joins the deliveries. */
  readonly join?: string
  readonly id: string
  readonly where: string
  readonly values: readonly SQLInputValue[]
}

/** A stretch of the list of deliveries, newest first; see `Store.deliveries`. */
export function prepareDeliveriesList(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (query: DeliveriesQuery) => Stride<DeliveryRecord> {
  const prepared = statements(db)
  const ends = reader(
    db,
    "SELECT min(id), (SELECT max(id) FROM deliveries WHERE workspace = ?1) FROM deliveries WHERE workspace = ?1",
  )
  const findEvent = reader(db, "SELECT num FROM events WHERE workspace = ? AND id = ?")
  const findWebhook = reader(db, "SELECT num FROM webhooks WHERE workspace = ? AND id = ?")

  function walk(workspace: number, filter: DeliveryFilter): Walk | null {
    const event = filter.eventId === undefined ? undefined : findEvent.row(workspace, filter.eventId)
    const webhook = filter.webhookId === undefined ? undefined : findWebhook.row(workspace, filter.webhookId)
    if (filter.eventId !== undefined && event === undefined) return null
    if (filter.webhookId !== undefined && webhook === undefined) return null
    const alsoWebhook = webhook === undefined ? "" : " AND d.webhook = ?"
    const webhookValue = webhook === undefined ? [] : [number(webhook[0])]
    if (event !== undefined)
      return {
        from: "deliveries d INDEXED BY deliveries_of_event",
        id: "d.id",
        where: `d.event = ?${alsoWebhook}`,
        values: [number(event[0]), ...webhookValue],
      }
    if (filter.status !== undefined && troubled.has(filter.status))
      return {
        from: "deliveries d INDEXED BY deliveries_troubled",
        id: "d.id",
        where: `d.state >= 2 AND d.workspace = ?${alsoWebhook}`,
        values: [workspace, ...webhookValue],
      }
    if (webhook !== undefined)
      return {
        from: "webhook_history h",
        join: "CROSS JOIN deliveries d ON d.workspace = h.workspace AND d.id = h.delivery",
        id: "h.delivery",
        where: "h.webhook = ?",
        values: webhookValue,
      }
    return { from: "deliveries d NOT INDEXED", id: "d.id", where: "d.workspace = ?", values: [workspace] }
  }

  return ({ workspaceId, filter, page }) => {
    const workspace = visible(workspaceId)
    const [oldest, newest] = workspace === null ? [] : (ends.row(workspace) ?? [])
    const rows = workspace === null ? null : walk(workspace, filter)
    if (rows === null || typeof oldest !== "string" || typeof newest !== "string")
      return { items: [], resumeBefore: null }
    const span = idsBetween(oldest, newest, filter.fromMs, filter.toMs, page.before)

    const conditions: string[] = []
    const values: SQLInputValue[] = []
    if (filter.fromMs !== undefined) {
      conditions.push("d.created_ms >= ?")
      values.push(filter.fromMs)
    }
    if (filter.toMs !== undefined) {
      conditions.push("d.created_ms < ?")
      values.push(filter.toMs)
    }
    if (filter.eventType !== undefined) {
      conditions.push("e.type = ?")
      values.push(filter.eventType)
    }
    if (filter.status !== undefined) conditions.push(hasStatus[filter.status])
    const end =
      conditions.length === 0
        ? undefined
        : prepared(
            `SELECT ${rows.id} FROM ${rows.from} WHERE ${rows.where} AND ${rows.id} < ? AND ${rows.id} >= ?
             ORDER BY ${rows.id} DESC LIMIT 1 OFFSET ${strideRows - 1}`,
          ).row(...rows.values, span.above, span.least)
    const least = end === undefined ? span.least : text(end[0])
    const where = [rows.where, `${rows.id} < ?`, `${rows.id} >= ?`, ...conditions].join(" AND ")
    const items = prepared(
      `SELECT ${deliveryColumns} FROM ${rows.from} ${rows.join ?? ""} ${deliveryJoins} WHERE ${where}
       ORDER BY ${rows.id} DESC LIMIT ?`,
    )
      .rows(...rows.values, span.above, least, ...values, page.limit)
      .map((row) => deliveryRecord(workspaceId, row))
    return { items, resumeBefore: end === undefined || items.length >= page.limit ? null : least }
  }
}

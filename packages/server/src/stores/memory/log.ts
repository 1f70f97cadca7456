import type { AuditRecord } from "../../domain/audit.ts"
import type { ListedEvent, StoredEvent } from "../../domain/event.ts"
import type { WebhookId, WorkspaceId } from "../../domain/ids.ts"
import type { WebhookHealth } from "../../domain/webhook.ts"
import type { DeliveryFilter, DeliveryRecord, EventFilter, Page } from "../../ports/store.ts"
import { type DeliveryRow, type EventRow, type Rows, statusOf, type WebhookRow } from "./rows.ts"

export function storedEvent(workspaceId: WorkspaceId, row: EventRow): StoredEvent {
  return { ...listedEvent(workspaceId, row), body: row.body }
}

function listedEvent(workspaceId: WorkspaceId, row: EventRow): ListedEvent {
  return {
    id: row.id,
    workspaceId,
    type: row.type,
    createdMs: row.createdMs,
    acceptedMs: row.acceptedMs,
    orderingKey: row.orderingKey,
    attributes: row.attributes,
    metadata: row.metadata,
    idempotencyKey: row.idempotency?.key ?? null,
    deliveries: row.deliveryCount,
  }
}

export function deliveryRecord(workspaceId: WorkspaceId, row: DeliveryRow): DeliveryRecord {
  const status = statusOf(row)
  return {
    id: row.id,
    workspaceId,
    webhookId: row.webhook.id,
    eventId: row.event.id,
    eventType: row.event.type,
    sequence: row.sequence,
    laneKey: row.laneKey,
    state: row.state,
    status,
    because: row.because,
    attempts: row.attemptsMade,
    createdMs: row.createdMs,
    windowFromMs: row.windowFromMs,
    // One of a deleted webhook will not be sent, whatever its row still says.
    dueMs: status === "cancelled" ? null : row.dueMs,
    endedMs: row.endedMs,
    replayId: row.replayId,
    lastStatusCode: row.lastStatusCode,
    lastErrorCode: row.lastErrorCode,
  }
}

/** See `Store.events`. */
export function events(rows: Rows, workspaceId: WorkspaceId, filter: EventFilter, page: Page): readonly ListedEvent[] {
  const text = filter.text === undefined ? undefined : lowerAscii(filter.text)
  const matching = [...(rows.visible(workspaceId)?.events.values() ?? [])].filter(
    (row) =>
      (filter.type === undefined || row.type === filter.type) &&
      (filter.fromMs === undefined || row.acceptedMs >= filter.fromMs) &&
      (filter.toMs === undefined || row.acceptedMs < filter.toMs) &&
      (text === undefined || lowerAscii(row.body).includes(text)),
  )
  return newestFirst(matching, page).map((row) => listedEvent(workspaceId, row))
}

/** See `Store.deliveries`. */
export function deliveries(
  rows: Rows,
  workspaceId: WorkspaceId,
  filter: DeliveryFilter,
  page: Page,
): readonly DeliveryRecord[] {
  const matching = [...(rows.visible(workspaceId)?.deliveries.values() ?? [])].filter(
    (row) =>
      (filter.webhookId === undefined || row.webhook.id === filter.webhookId) &&
      (filter.eventId === undefined || row.event.id === filter.eventId) &&
      (filter.eventType === undefined || row.event.type === filter.eventType) &&
      (filter.status === undefined || statusOf(row) === filter.status) &&
      (filter.fromMs === undefined || row.createdMs >= filter.fromMs) &&
      (filter.toMs === undefined || row.createdMs < filter.toMs),
  )
  return newestFirst(matching, page).map((row) => deliveryRecord(workspaceId, row))
}

/** See `Store.audit`. */
export function audit(rows: Rows, workspaceId: WorkspaceId | null, page: Page): readonly AuditRecord[] {
  return newestFirst(
    rows.audit.filter((entry) => workspaceId === null || entry.workspaceId === workspaceId),
    page,
  )
}

/** See `Store.auditChain`; records are kept in the order of the chain. */
export function auditChain(
  rows: Rows,
  workspaceId: WorkspaceId,
  afterSequence: number,
  limit: number,
): readonly AuditRecord[] {
  return rows.audit
    .filter((record) => record.workspaceId === workspaceId && record.sequence > afterSequence)
    .slice(0, limit)
}

function newestFirst<Item extends { readonly id: string }>(items: readonly Item[], page: Page): readonly Item[] {
  const { before } = page
  return items
    .filter((item) => before === null || item.id < before)
    .sort((a, b) => (a.id < b.id ? 1 : a.id > b.id ? -1 : 0))
    .slice(0, page.limit)
}

function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

/** See `Store.health`. */
export function health(
  rows: Rows,
  workspaceId: WorkspaceId,
  webhookIds: readonly WebhookId[] | "all",
): ReadonlyMap<WebhookId, WebhookHealth> {
  const webhooks = rows.visible(workspaceId)?.webhooks
  const ids = webhookIds === "all" ? [...(webhooks?.keys() ?? [])] : webhookIds
  return new Map(ids.map((id) => [id, healthOf(workspaceId, id, webhooks?.get(id))]))
}

function healthOf(workspaceId: WorkspaceId, webhookId: WebhookId, row: WebhookRow | undefined): WebhookHealth {
  return {
    workspaceId,
    webhookId,
    consecutiveFailures: row?.consecutiveFailures ?? 0,
    failingSinceMs: row?.failingSinceMs ?? null,
    lastSuccessMs: row?.lastSuccessMs ?? null,
    backlog: row?.waiting.size ?? 0,
    lastSequence: row?.lastSequence ?? 0,
  }
}

import type { AuditEntry, AuditHead, AuditRecord } from "../../domain/audit.ts"
import { linked } from "../../domain/audit-chain.ts"
import {
  type DeliveryStatus,
  deliveryStatus,
  type RecordedAttempt,
  type StoredState,
  type WaitingDelivery,
} from "../../domain/delivery.ts"
import type { NewEvent } from "../../domain/event.ts"
import type { DeliveryId, EventId, ReplayId, WebhookId, WorkspaceId } from "../../domain/ids.ts"
import type { Replay } from "../../domain/replay.ts"
import { webhookStatus } from "../../domain/webhook.ts"
import type { HealthCounts } from "../../domain/webhook-health.ts"
import type { ApiKey, CustomEventType, Workspace } from "../../domain/workspace.ts"
import type { StoredWebhook } from "../../ports/store.ts"

export type EventRow = Omit<NewEvent, "deliveries"> & {
  readonly deliveryCount: number
  readonly deliveries: Map<DeliveryId, DeliveryRow>
}

export type DeliveryRow = {
  readonly id: DeliveryId
  readonly webhook: WebhookRow
  readonly event: EventRow
  readonly sequence: number
  readonly laneKey: string
  readonly createdMs: number
  readonly replayId: ReplayId | null
  state: StoredState
  /** Never attempted, nor reopened. */
  fresh: boolean
  because: string | null
  attemptsMade: number
  attemptsBefore: number
  windowFromMs: number
  dueMs: number | null
  endedMs: number | null
  lastStatusCode: number | null
  lastErrorCode: string | null
  readonly attempts: RecordedAttempt[]
  /** Those of `attempts` that succeeded. */
  readonly successes: RecordedAttempt[]
}

export type WebhookRow = HealthCounts & {
  readonly id: WebhookId
  /** Null for one that was used but never configured. */
  record: StoredWebhook | null
  lastSequence: number
  readonly waiting: Set<DeliveryRow>
  readonly deliveries: Set<DeliveryRow>
}

export type WorkspaceRow = {
  readonly id: WorkspaceId
  record: Workspace | null
  deletedMs: number | null
  readonly apiKeys: Map<string, ApiKey>
  readonly keysLastUsed: Map<string, number>
  readonly webhooks: Map<WebhookId, WebhookRow>
  readonly eventTypes: Map<string, CustomEventType>
  readonly events: Map<EventId, EventRow>
  readonly eventsByKey: Map<string, EventRow>
  readonly deliveries: Map<DeliveryId, DeliveryRow>
  readonly replays: Map<ReplayId, Replay>
}

/** Everything the store knows. */
export class Rows {
  readonly workspaces = new Map<WorkspaceId, WorkspaceRow>()
  readonly audit: AuditRecord[] = []
  readonly auditHeads = new Map<WorkspaceId, AuditHead>()

  note(entry: AuditEntry): void {
    // As if written: what the caller changes in its objects afterwards must not change the record.
    const written: AuditEntry = JSON.parse(JSON.stringify(entry))
    const record = linked(written, this.auditHeads.get(entry.workspaceId) ?? null)
    this.audit.push(record)
    this.auditHeads.set(entry.workspaceId, { sequence: record.sequence, hash: record.hash })
  }

  /** For writing: the row is made when it is missing. */
  workspace(id: WorkspaceId): WorkspaceRow {
    let row = this.workspaces.get(id)
    if (row === undefined) {
      row = {
        id,
        record: null,
        deletedMs: null,
        apiKeys: new Map(),
        keysLastUsed: new Map(),
        webhooks: new Map(),
        eventTypes: new Map(),
        events: new Map(),
        eventsByKey: new Map(),
        deliveries: new Map(),
        replays: new Map(),
      }
      this.workspaces.set(id, row)
    }
    return row
  }

  /** For reading: a deleted workspace shows nothing while `forget` has not removed it. */
  visible(id: WorkspaceId): WorkspaceRow | null {
    const row = this.workspaces.get(id)
    return row === undefined || row.deletedMs !== null ? null : row
  }

  webhook(workspace: WorkspaceRow, id: WebhookId): WebhookRow {
    let row = workspace.webhooks.get(id)
    if (row === undefined) {
      row = {
        id,
        record: null,
        lastSequence: 0,
        consecutiveFailures: 0,
        failingSinceMs: null,
        lastSuccessMs: null,
        waiting: new Set(),
        deliveries: new Set(),
      }
      workspace.webhooks.set(id, row)
    }
    return row
  }
}

/** Adds a delivery that is due at once, and numbers it. */
export function addDelivery(
  workspace: WorkspaceRow,
  webhook: WebhookRow,
  event: EventRow,
  delivery: { readonly id: DeliveryId; readonly laneKey: string; readonly replayId: ReplayId | null },
  nowMs: number,
): number {
  const row: DeliveryRow = {
    ...delivery,
    webhook,
    event,
    sequence: ++webhook.lastSequence,
    createdMs: nowMs,
    state: "waiting",
    fresh: true,
    because: null,
    attemptsMade: 0,
    attemptsBefore: 0,
    windowFromMs: nowMs,
    dueMs: nowMs,
    endedMs: null,
    lastStatusCode: null,
    lastErrorCode: null,
    attempts: [],
    successes: [],
  }
  workspace.deliveries.set(row.id, row)
  event.deliveries.set(row.id, row)
  webhook.deliveries.add(row)
  webhook.waiting.add(row)
  return row.sequence
}

export function end(row: DeliveryRow, state: StoredState, atMs: number, because: string | null): void {
  row.state = state
  row.dueMs = null
  row.endedMs = atMs
  row.because = because
  row.webhook.waiting.delete(row)
}

export function wait(row: DeliveryRow, dueMs: number): void {
  row.state = "waiting"
  row.fresh = false
  row.dueMs = dueMs
  row.endedMs = null
  row.because = null
  row.webhook.waiting.add(row)
}

export function statusOf(row: DeliveryRow): DeliveryStatus {
  return deliveryStatus(row.state, row.attemptsMade, webhookIs(row.webhook))
}

function webhookIs({ record }: WebhookRow): { sending: boolean; deleted: boolean } {
  if (record === null) return { sending: true, deleted: false }
  // The rule needs neither secrets nor headers, and a stored webhook has neither.
  const status = webhookStatus(record)
  return { sending: status === "active", deleted: status === "deleted" }
}

export function waitingDelivery(workspaceId: WorkspaceId, row: DeliveryRow): WaitingDelivery {
  return {
    id: row.id,
    workspaceId,
    webhookId: row.webhook.id,
    eventId: row.event.id,
    eventType: row.event.type,
    sequence: row.sequence,
    laneKey: row.laneKey,
    attempts: row.attemptsMade,
    attemptsBefore: row.attemptsBefore,
    dueMs: row.dueMs ?? row.createdMs,
    windowFromMs: row.windowFromMs,
    trace: row.event.trace,
    body: row.event.body,
  }
}

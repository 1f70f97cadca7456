import type { DatabaseSync } from "node:sqlite"
import { deliveryStatus } from "../../../domain/delivery.ts"
import {
  asId,
  type DeliveryId,
  type EventId,
  type ReplayId,
  type WebhookId,
  type WorkspaceId,
} from "../../../domain/ids.ts"
import type { DeliveryRecord } from "../../../ports/store.ts"
import { number, numberOrNull, type Row, reader, text, textOrNull } from "../prepared.ts"
import { storedState } from "../states.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"

/** Follows `FROM deliveries d`. CROSS JOIN keeps SQLite from walking the events or webhooks first. */
export const deliveryJoins = "CROSS JOIN events e ON e.num = d.event CROSS JOIN webhooks w ON w.num = d.webhook"

export const deliveryColumns = `d.id, w.id, e.id, e.type, d.sequence, d.lane_key, d.state, d.because, d.attempts,
  d.created_ms, d.window_from_ms, d.due_ms, d.ended_ms, d.replay_id, d.last_status_code, d.last_error_code, w.sending,
  w.deleted`

export function deliveryRecord(workspaceId: WorkspaceId, row: Row): DeliveryRecord {
  const state = storedState(number(row[6]))
  const attempts = number(row[8])
  const status = deliveryStatus(state, attempts, { sending: row[16] === 1, deleted: row[17] === 1 })
  const replayId = textOrNull(row[13])
  return {
    id: asId<DeliveryId>(text(row[0])),
    workspaceId,
    webhookId: asId<WebhookId>(text(row[1])),
    eventId: asId<EventId>(text(row[2])),
    eventType: text(row[3]),
    sequence: number(row[4]),
    laneKey: text(row[5]),
    state,
    status,
    because: textOrNull(row[7]),
    attempts,
    createdMs: number(row[9]),
    windowFromMs: number(row[10]),
    // One of a deleted webhook will not be sent, whatever its row still says.
    dueMs: status === "cancelled" ? null : numberOrNull(row[11]),
    endedMs: numberOrNull(row[12]),
    replayId: replayId === null ? null : asId<ReplayId>(replayId),
    lastStatusCode: numberOrNull(row[14]),
    lastErrorCode: textOrNull(row[15]),
  }
}

export type OneDelivery = { readonly workspaceId: WorkspaceId; readonly id: DeliveryId }

export function prepareDelivery(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (query: OneDelivery) => DeliveryRecord | null {
  const find = reader(
    db,
    `SELECT ${deliveryColumns} FROM deliveries d ${deliveryJoins} WHERE d.workspace = ? AND d.id = ?`,
  )
  return ({ workspaceId, id }) => {
    const workspace = visible(workspaceId)
    const row = workspace === null ? undefined : find.row(workspace, id)
    return row === undefined ? null : deliveryRecord(workspaceId, row)
  }
}

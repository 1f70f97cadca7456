import type { DatabaseSync } from "node:sqlite"
import type { ListedEvent, StoredEvent } from "../../../domain/event.ts"
import { asId, type EventId, type WorkspaceId } from "../../../domain/ids.ts"
import { number, type Row, reader, record, text, textOrNull } from "../prepared.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"

export const listedColumns =
  "id, type, created_ms, accepted_ms, delivery_count, ordering_key, attributes, metadata, idempotency_key"

export function listedEvent(workspaceId: WorkspaceId, row: Row): ListedEvent {
  return {
    id: asId<EventId>(text(row[0])),
    workspaceId,
    type: text(row[1]),
    createdMs: number(row[2]),
    acceptedMs: number(row[3]),
    deliveries: number(row[4]),
    orderingKey: textOrNull(row[5]),
    attributes: record(row[6]),
    metadata: textOrNull(row[7]),
    idempotencyKey: textOrNull(row[8]),
  }
}

export type OneEvent = { readonly workspaceId: WorkspaceId; readonly id: EventId }

export function prepareEvent(db: DatabaseSync, visible: VisibleWorkspace): (query: OneEvent) => StoredEvent | null {
  const find = reader(db, `SELECT ${listedColumns}, body FROM events WHERE workspace = ? AND id = ?`)
  return ({ workspaceId, id }) => {
    const workspace = visible(workspaceId)
    const row = workspace === null ? undefined : find.row(workspace, id)
    return row === undefined ? null : { ...listedEvent(workspaceId, row), body: text(row[9]) }
  }
}

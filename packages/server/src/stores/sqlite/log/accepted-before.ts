import type { DatabaseSync } from "node:sqlite"
import { asId, type EventId, type WorkspaceId } from "../../../domain/ids.ts"
import type { KeyedEvent } from "../../../ports/store.ts"
import { number, reader, text } from "../prepared.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"

/** What idempotency keys stand for; see `Store.acceptedBefore`. */
export function prepareAcceptedBefore(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (asked: { readonly workspaceId: WorkspaceId; readonly keys: readonly string[] }) => readonly KeyedEvent[] {
  const find = reader(
    db,
    `SELECT id, created_ms, delivery_count, fingerprint FROM events
     WHERE workspace = ? AND idempotency_key = ? AND idempotency_key IS NOT NULL`,
  )
  return ({ workspaceId, keys }) => {
    const workspace = visible(workspaceId)
    if (workspace === null) return []
    return keys.flatMap((key) => {
      const row = find.row(workspace, key)
      if (row === undefined) return []
      const [id, createdMs, deliveryCount, fingerprint] = row
      return [
        {
          key,
          id: asId<EventId>(text(id)),
          createdMs: number(createdMs),
          deliveryCount: number(deliveryCount),
          fingerprint: text(fingerprint),
        },
      ]
    })
  }
}

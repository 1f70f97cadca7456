import type { DatabaseSync } from "node:sqlite"
import { asId, type EventId } from "../../domain/ids.ts"
import type { KeyedEvent } from "../../ports/store.ts"
import { number, reader, text } from "./prepared.ts"

/** Finds the event that was first accepted with an idempotency key. @param workspace its number. */
export function prepareKeyedEvent(db: DatabaseSync): (workspace: number, key: string) => KeyedEvent | undefined {
  const find = reader(
    db,
    `SELECT id, created_ms, delivery_count, fingerprint FROM events
     WHERE workspace = ? AND idempotency_key = ? AND idempotency_key IS NOT NULL`,
  )
  return (workspace, key) => {
    const row = find.row(workspace, key)
    if (row === undefined) return undefined
    const [id, createdMs, deliveryCount, fingerprint] = row
    return {
      key,
      id: asId<EventId>(text(id)),
      createdMs: number(createdMs),
      deliveryCount: number(deliveryCount),
      fingerprint: text(fingerprint),
    }
  }
}

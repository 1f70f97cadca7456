import type { DatabaseSync } from "node:sqlite"
import type { StoredWebhook } from "../../../ports/store.ts"
import type { Books } from "../books.ts"
import { number, numberOrNull, reader, record, text, writer } from "../prepared.ts"
import { bucket, isWaiting } from "../states.ts"

export type Forget = { readonly beforeMs: number; readonly limit: number }

/**
 * Removes what retention no longer keeps; see `Store.forget`. A delivery's age counts from its end, so that what was
 * sent late stays readable as long as anything else.
 *
 * Goes through the events from the oldest and remembers between calls how far it came: what waits for a receiver that
 * has been away for months is looked at once a round, not at each call.
 */
export function prepareForget(db: DatabaseSync, books: Books): (forget: Forget) => boolean {
  const removeDeleted = prepareRemoveDeletedWorkspaces(db, books)
  const removeEmptied = prepareRemoveEmptied(db, books)
  const nextEvents = reader(db, "SELECT num, accepted_ms FROM events WHERE num > ? ORDER BY num LIMIT ?")
  const deliveriesOf = reader(
    db,
    `SELECT workspace, id, webhook, state, attempts, created_ms, ended_ms FROM deliveries WHERE event = ?`,
  )
  const removeDelivery = writer(db, "DELETE FROM deliveries WHERE workspace = ? AND id = ?")
  const removeAttempts = writer(db, "DELETE FROM attempts WHERE workspace = ? AND delivery = ?")
  const removeEvent = writer(db, "DELETE FROM events WHERE num = ?")
  let after = 0

  /** @returns rows removed or looked at. */
  function forgetEvent(event: number, beforeMs: number): number {
    const rows = deliveriesOf.rows(event)
    let left = 0
    for (const row of rows) {
      const [workspace, id, webhook, state, createdMs] = [
        number(row[0]),
        text(row[1]),
        number(row[2]),
        number(row[3]),
        number(row[5]),
      ]
      if (isWaiting(state) || (numberOrNull(row[6]) ?? createdMs) >= beforeMs) {
        left += 1
        continue
      }
      removeAttempts(workspace, id)
      removeDelivery(workspace, id)
      books.count(webhook, createdMs, bucket(state, number(row[4])), -1)
    }
    if (left === 0) removeEvent(event)
    return rows.length + 1
  }

  return ({ beforeMs, limit }) => {
    if (removeDeleted(limit)) return true
    let left = limit
    for (const row of nextEvents.rows(after, limit)) {
      if (number(row[1]) >= beforeMs) break
      if (left <= 0) return true
      left -= forgetEvent(number(row[0]), beforeMs)
      after = number(row[0])
    }
    if (left <= 0) return true
    after = 0
    removeEmptied(beforeMs)
    return false
  }
}

/** What a round ends with: tombstones without deliveries, replays that ended long ago, minutes nobody can ask for. */
function prepareRemoveEmptied(db: DatabaseSync, books: Books): (beforeMs: number) => void {
  const tombstones = reader(
    db,
    `SELECT num, record FROM webhooks
     WHERE deleted = 1 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.webhook = webhooks.num)`,
  )
  const removeWebhook = prepareRemoveWebhook(db)
  const removeReplays = writer(
    db,
    "DELETE FROM replays WHERE state <> 'running' AND json_extract(record, '$.updatedMs') < ?",
  )
  const removeMinutes = writer(
    db,
    `DELETE FROM webhook_minutes WHERE minute < ? AND pending + retrying + delivered + exhausted + expired + cancelled = 0`,
  )
  return (beforeMs) => {
    // What this very batch has counted must be stored before it is judged, and before the books are read anew.
    books.flush()
    let removed = false
    for (const row of tombstones.rows()) {
      const { deletedMs } = record<StoredWebhook>(row[1])
      if (deletedMs === null || deletedMs >= beforeMs) continue
      removeWebhook(number(row[0]))
      removed = true
    }
    removeReplays(beforeMs)
    removeMinutes(Math.floor(beforeMs / 60_000))
    if (removed) books.reread()
  }
}

function prepareRemoveWebhook(db: DatabaseSync): (webhook: number) => void {
  const statements = [
    writer(db, "DELETE FROM webhook_counters WHERE webhook = ?"),
    writer(db, "DELETE FROM webhook_minutes WHERE webhook = ?"),
    writer(db, "DELETE FROM webhooks WHERE num = ?"),
  ]
  return (webhook) => {
    for (const remove of statements) remove(webhook)
  }
}

/** Removes a deleted workspace step by step, whatever the age and state of what it holds. */
function prepareRemoveDeletedWorkspaces(db: DatabaseSync, books: Books): (limit: number) => boolean {
  const deleted = reader(db, "SELECT num FROM workspaces WHERE deleted_ms IS NOT NULL LIMIT 1")
  const inSteps = [
    writer(db, `DELETE FROM attempts WHERE num IN (SELECT attempts.num FROM attempts WHERE workspace = ? LIMIT ?)`),
    writer(
      db,
      `DELETE FROM deliveries WHERE (workspace, id) IN (SELECT workspace, id FROM deliveries WHERE workspace = ? LIMIT ?)`,
    ),
    writer(db, "DELETE FROM events WHERE num IN (SELECT num FROM events WHERE workspace = ? LIMIT ?)"),
  ]
  const webhooksOf = reader(db, "SELECT num FROM webhooks WHERE workspace = ?")
  const removeWebhook = prepareRemoveWebhook(db)
  const rest = [
    writer(db, "DELETE FROM replays WHERE workspace = ?"),
    writer(db, "DELETE FROM api_keys WHERE workspace = ?"),
    writer(db, "DELETE FROM event_types WHERE workspace = ?"),
    writer(db, "DELETE FROM workspaces WHERE num = ?"),
  ]
  return (limit) => {
    const row = deleted.row()
    if (row === undefined) return false
    const workspace = number(row[0])
    let left = limit
    for (const remove of inSteps) {
      if (left <= 0) return true
      left -= remove(workspace, left)
    }
    if (left <= 0) return true
    // First, so that nothing this batch counted is lost, nor brings a removed counter back.
    books.flush()
    for (const webhook of webhooksOf.rows(workspace)) removeWebhook(number(webhook[0]))
    for (const remove of rest) remove(workspace)
    books.reread()
    return true
  }
}

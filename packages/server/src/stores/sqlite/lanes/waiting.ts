import type { DatabaseSync } from "node:sqlite"
import type { WaitingDelivery } from "../../../domain/delivery.ts"
import { asId, type DeliveryId, type EventId } from "../../../domain/ids.ts"
import type { WaitingQuery } from "../../../ports/store.ts"
import { number, type Row, reader, text, textOrNull } from "../prepared.ts"
import { code } from "../states.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"
import { prepareKnownWebhook } from "./known-webhook.ts"

/** Where a delivery stands in its lane. */
type Place = { readonly id: string; readonly sequence: number }

const place = "id, sequence"

/**
 * Waiting deliveries of one webhook; see `Store.waiting`. Each read is a few short walks along an index that holds
 * nothing but what waits, merged here; bodies are fetched only for those that are returned.
 */
export function prepareWaiting(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (query: WaitingQuery) => readonly WaitingDelivery[] {
  const knownWebhook = prepareKnownWebhook(db)
  const inOrder = (state: number) =>
    reader(
      db,
      `SELECT ${place} FROM deliveries
       WHERE webhook = ? AND state = ${state} AND sequence > ? ORDER BY sequence LIMIT ?`,
    )
  const fresh = inOrder(code.fresh)
  const again = inOrder(code.again)
  const ofKey = reader(
    db,
    `SELECT ${place} FROM deliveries
     WHERE webhook = ? AND state IN (0, 2) AND lane_key = ? ORDER BY sequence LIMIT ?`,
  )
  const againDue = reader(
    db,
    `SELECT ${place} FROM deliveries WHERE webhook = ? AND state = ${code.again} AND due_ms <= ?
     ORDER BY due_ms, sequence LIMIT ?`,
  )
  // Jumps from key to key: a lane with a million waiting costs one step, as a lane with one does.
  const firstKey = reader(
    db,
    `SELECT lane_key FROM deliveries
     WHERE webhook = ? AND state IN (0, 2) AND lane_key >= '' ORDER BY lane_key LIMIT 1`,
  )
  const nextKeys = reader(
    db,
    `WITH RECURSIVE keys (lane_key, n) AS (
       SELECT ?2, 0
       UNION ALL
       SELECT (SELECT min(d.lane_key) FROM deliveries d
               WHERE d.webhook = ?1 AND d.state IN (0, 2) AND d.lane_key > keys.lane_key), n + 1
       FROM keys WHERE keys.lane_key IS NOT NULL AND n < ?3
     )
     SELECT lane_key FROM keys WHERE n > 0 AND lane_key IS NOT NULL`,
  )
  const whole = reader(
    db,
    `SELECT e.id, e.type, d.sequence, d.lane_key, d.attempts, d.attempts_before, d.due_ms, d.window_from_ms, e.body, e.trace
     FROM deliveries d JOIN events e ON e.num = d.event WHERE d.workspace = ? AND d.id = ?`,
  )

  function places(rows: readonly Row[]): readonly Place[] {
    return rows.map((row) => ({ id: text(row[0]), sequence: number(row[1]) }))
  }

  function heads(webhook: number, afterKey: string | null, limit: number): readonly Place[] {
    const keys: string[] = []
    let from = afterKey
    if (from === null && limit > 0) {
      const first = firstKey.row(webhook)
      if (first === undefined) return []
      from = text(first[0])
      keys.push(from)
    }
    if (from !== null && keys.length < limit)
      keys.push(...nextKeys.rows(webhook, from, limit - keys.length).map((row) => text(row[0])))
    return keys.flatMap((key) => places(ofKey.rows(webhook, key, 1)))
  }

  function find(webhook: number, query: WaitingQuery): readonly Place[] {
    const { limit } = query
    switch (query.read) {
      case "head":
        return [...places(fresh.rows(webhook, 0, limit)), ...places(again.rows(webhook, 0, limit))].sort(bySequence)
      case "key":
        return places(ofKey.rows(webhook, query.laneKey, limit))
      case "keyHeads":
        return heads(webhook, query.afterKey, limit)
      case "fresh":
        return places(fresh.rows(webhook, query.afterSequence, limit))
      case "retries":
        return places(againDue.rows(webhook, query.byMs, limit))
    }
  }

  return (query) => {
    const workspace = visible(query.workspaceId)
    const webhook = workspace === null ? null : knownWebhook(workspace, query.webhookId)
    if (workspace === null || webhook === null) return []
    return find(webhook, query)
      .slice(0, query.limit)
      .flatMap(({ id }) => {
        const row = whole.row(workspace, id)
        if (row === undefined) return []
        return {
          id: asId<DeliveryId>(id),
          workspaceId: query.workspaceId,
          webhookId: query.webhookId,
          eventId: asId<EventId>(text(row[0])),
          eventType: text(row[1]),
          sequence: number(row[2]),
          laneKey: text(row[3]),
          attempts: number(row[4]),
          attemptsBefore: number(row[5]),
          dueMs: number(row[6]),
          windowFromMs: number(row[7]),
          body: text(row[8]),
          trace: textOrNull(row[9]),
        }
      })
  }
}

function bySequence(a: Place, b: Place): number {
  return a.sequence - b.sequence
}

import type { DatabaseSync } from "node:sqlite"
import type { AcceptConflict, Accepted, AcceptedEvent, KeyedEvent } from "../../../ports/store.ts"
import type { Books } from "../books.ts"
import { prepareKeyedEvent } from "../keyed-events.ts"
import { number, reader, writer } from "../prepared.ts"
import { code } from "../states.ts"
import type { AcceptanceOnTape, EventOnTape } from "./tape.ts"

type First = Omit<KeyedEvent, "key">

/** Stores events with their deliveries; see `Store.accept`. Nothing is written before every key has been checked. */
export function prepareAccept(
  db: DatabaseSync,
  books: Books,
): (acceptance: AcceptanceOnTape) => Accepted | AcceptConflict {
  const findKeyed = prepareKeyedEvent(db)
  const addEvent = writer(
    db,
    `INSERT INTO events (num, workspace, id, type, created_ms, accepted_ms, delivery_count, ordering_key, attributes,
       metadata, idempotency_key, fingerprint, body, trace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const addDelivery = writer(
    db,
    `INSERT INTO deliveries (workspace, id, webhook, event, sequence, state, attempts, attempts_before, created_ms,
       window_from_ms, due_ms, lane_key) VALUES (?, ?, ?, ?, ?, ${code.fresh}, 0, 0, ?, ?, ?, ?)`,
  )
  // Counted here, so that no insert has to ask for the number it was given. After a rollback some are left out.
  let lastEvent = number(reader(db, "SELECT coalesce(max(num), 0) FROM events").row()?.[0])

  function firstWithKey(workspace: number, event: EventOnTape, here: ReadonlyMap<string, First>): First | undefined {
    if (event.idempotencyKey === null) return undefined
    return here.get(event.idempotencyKey) ?? findKeyed(workspace, event.idempotencyKey)
  }

  function store(workspace: number, event: EventOnTape): AcceptedEvent {
    const num = ++lastEvent
    const { deliveries, acceptedMs } = event
    addEvent(
      num,
      workspace,
      event.id,
      event.type,
      event.createdMs,
      acceptedMs,
      deliveries.length,
      event.orderingKey,
      event.attributes,
      event.metadata,
      event.idempotencyKey,
      event.fingerprint,
      event.body,
      event.trace,
    )
    if (deliveries.length > 0) books.history.accepted(num, deliveries.length)
    const sequences = deliveries.map((delivery) => {
      const webhook = books.webhook(workspace, delivery.webhookId)
      const sequence = books.added(webhook, acceptedMs)
      addDelivery(workspace, delivery.id, webhook, num, sequence, acceptedMs, acceptedMs, acceptedMs, delivery.laneKey)
      return sequence
    })
    return { id: event.id, createdMs: event.createdMs, duplicate: false, deliveryCount: deliveries.length, sequences }
  }

  return ({ workspaceId, events }) => {
    const workspace = books.workspace(workspaceId)
    const here = new Map<string, First>()
    const firsts: (First | undefined)[] = []
    for (const [index, event] of events.entries()) {
      const first = firstWithKey(workspace, event, here)
      if (first !== undefined && first.fingerprint !== event.fingerprint) return { outcome: "conflict", index }
      firsts.push(first)
      if (first === undefined && event.idempotencyKey !== null && event.fingerprint !== null)
        here.set(event.idempotencyKey, {
          id: event.id,
          createdMs: event.createdMs,
          deliveryCount: event.deliveries.length,
          fingerprint: event.fingerprint,
        })
    }
    return {
      outcome: "accepted",
      events: events.map((event, index): AcceptedEvent => {
        const first = firsts[index]
        if (first === undefined) return store(workspace, event)
        return {
          id: first.id,
          createdMs: first.createdMs,
          duplicate: true,
          deliveryCount: first.deliveryCount,
          sequences: [],
        }
      }),
    }
  }
}

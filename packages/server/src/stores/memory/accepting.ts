import type { WorkspaceId } from "../../domain/ids.ts"
import type { Acceptance, AcceptConflict, Accepted, AcceptedEvent, KeyedEvent } from "../../ports/store.ts"
import { addDelivery, type EventRow, type Rows } from "./rows.ts"

/** See `Store.accept`. Everything is checked before anything is kept. */
export function accept(rows: Rows, { workspaceId, events }: Acceptance): Accepted | AcceptConflict {
  const workspace = rows.workspace(workspaceId)
  const here = new Map<string, EventRow>()
  const stored: { readonly row: EventRow; readonly duplicate: boolean }[] = []
  for (const [index, event] of events.entries()) {
    const { deliveries, ...rest } = event
    const key = event.idempotency?.key
    const first = key === undefined ? undefined : (here.get(key) ?? workspace.eventsByKey.get(key))
    if (first !== undefined && first.idempotency?.fingerprint !== event.idempotency?.fingerprint)
      return { outcome: "conflict", index }
    const row = first ?? { ...rest, deliveryCount: deliveries.length, deliveries: new Map() }
    if (first === undefined && key !== undefined) here.set(key, row)
    stored.push({ row, duplicate: first !== undefined })
  }
  const ids = new Set<string>()
  for (const [index, event] of events.entries())
    if (stored[index]?.duplicate === false) {
      if (workspace.events.has(event.id) || ids.has(event.id)) throw new Error(`The id ${event.id} is used twice.`)
      ids.add(event.id)
      for (const { id } of event.deliveries) {
        if (workspace.deliveries.has(id) || ids.has(id)) throw new Error(`The id ${id} is used twice.`)
        ids.add(id)
      }
    }
  return {
    outcome: "accepted",
    events: stored.map(({ row, duplicate }, index): AcceptedEvent => {
      const { id, createdMs, deliveryCount } = row
      if (duplicate) return { id, createdMs, duplicate, deliveryCount, sequences: [] }
      workspace.events.set(id, row)
      if (row.idempotency !== null) workspace.eventsByKey.set(row.idempotency.key, row)
      const sequences = (events[index]?.deliveries ?? []).map((delivery) =>
        addDelivery(
          workspace,
          rows.webhook(workspace, delivery.webhookId),
          row,
          { id: delivery.id, laneKey: delivery.laneKey, replayId: null },
          row.acceptedMs,
        ),
      )
      return { id, createdMs, duplicate, deliveryCount, sequences }
    }),
  }
}

/** See `Store.acceptedBefore`. */
export function acceptedBefore(rows: Rows, workspaceId: WorkspaceId, keys: readonly string[]): readonly KeyedEvent[] {
  const known = rows.visible(workspaceId)?.eventsByKey
  return keys.flatMap((key) => {
    const row = known?.get(key)
    if (row === undefined || row.idempotency === null) return []
    const { id, createdMs, deliveryCount, idempotency } = row
    return [{ key, id, createdMs, deliveryCount, fingerprint: idempotency.fingerprint }]
  })
}

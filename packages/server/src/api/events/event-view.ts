import type { ListedEvent, StoredEvent } from "../../domain/event.ts"
import { memberTexts } from "../../domain/json-source.ts"
import { rfc3339 } from "../times.ts"

export function eventView(event: ListedEvent) {
  return {
    id: event.id,
    type: event.type,
    created: rfc3339(event.createdMs),
    accepted: rfc3339(event.acceptedMs),
    ordering_key: event.orderingKey,
    idempotency_key: event.idempotencyKey,
    attributes: event.attributes,
    deliveries: event.deliveries,
  }
}

/** As JSON text: `data` and `metadata` are the publisher's own, which a serialiser would not leave as they are. */
export function eventDetailText(event: StoredEvent): string {
  const shown = JSON.stringify({ ...eventView(event), payload: event.body })
  const data = memberTexts(event.body).get("data") ?? "null"
  return `${shown.slice(0, -1)},"data":${data},"metadata":${event.metadata ?? "null"}}`
}

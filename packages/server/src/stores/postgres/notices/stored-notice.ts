import Type from "typebox"
import { Compile } from "typebox/compile"
import { firstWaiting, type WaitingDelivery } from "../../../domain/delivery.ts"
import type { NewDelivery, NewEvent } from "../../../domain/event.ts"
import type { DeliveryId, EventId, WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import { clearMaxBytes } from "./envelopes.ts"

/** A delivery of the event, with the number that it was given. */
export type Numbered = { readonly delivery: NewDelivery; readonly sequence: number }

/** Two ids and a number. */
const deliveryMin = 64

/**
 * An event just stored, with those of its deliveries that one node sends, as a line of JSON.
 *
 * @returns null when it is too long for a payload, which it is not made to find out.
 */
export function storedLine(workspaceId: WorkspaceId, event: NewEvent, deliveries: readonly Numbered[]): string | null {
  const { id, type, acceptedMs, trace, body } = event
  if (body.length + deliveries.length * deliveryMin > clearMaxBytes) return null
  const numbered = deliveries.map(({ delivery, sequence }) => [
    delivery.id,
    delivery.webhookId,
    delivery.laneKey,
    sequence,
  ])
  return JSON.stringify([workspaceId, id, type, acceptedMs, trace, body, numbered])
}

/** An id is a string whose kind its place tells. */
function id<Id extends string>() {
  return Type.Unsafe<Id>(Type.String({ minLength: 1 }))
}
const text = Type.String()

const lineForm = Compile(
  Type.Tuple([
    id<WorkspaceId>(),
    id<EventId>(),
    text,
    Type.Integer(),
    Type.Union([text, Type.Null()]),
    text,
    Type.Array(Type.Tuple([id<DeliveryId>(), id<WebhookId>(), text, Type.Integer()])),
  ]),
)

/** @returns as they wait to be sent for the first time; none for what is no such line: the store has them all. */
export function readStoredLine(line: string): readonly WaitingDelivery[] {
  const read = parsed(line)
  if (!lineForm.Check(read)) return []
  const [workspaceId, id, type, acceptedMs, trace, body, deliveries] = read
  const event = { id, type, acceptedMs, trace, body }
  return deliveries.map(([deliveryId, webhookId, laneKey, sequence]) =>
    firstWaiting(workspaceId, event, { id: deliveryId, webhookId, laneKey }, sequence),
  )
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

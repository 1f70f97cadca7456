import Type, { type TSchema } from "typebox"
import { operationalKeyPrefix } from "../../domain/operational.ts"
import { Closed, FreeObject, Line, Nullable, Time } from "../schema-vocabulary.ts"

const attributesOf = <Value extends TSchema>(value: Value) => ({
  severity: Type.Optional(value),
  environment: Type.Optional(value),
  cloud_provider: Type.Optional(value),
  resource_id: Type.Optional(value),
})

export const eventsPerBatchMax = 1000

export const EventSubmission = Closed({
  type: Type.String({ minLength: 1, maxLength: 100, description: "One of GET /v1/event-types" }),
  data: FreeObject({ description: "Reaches receivers as it is written here; at most 256 KiB" }),
  idempotency_key: Type.Optional(
    Line(256, {
      description: `The same as the Idempotency-Key header. Keys that begin with ${operationalKeyPrefix} are those of Tocsin's own events`,
    }),
  ),
  created: Type.Optional(Time),
  ordering_key: Type.Optional(Line(256, { description: "Default: the resource id that the type carries" })),
  attributes: Type.Optional(
    Closed(attributesOf(Nullable(Line(2048))), { description: "What filters look at; overrules what is in data" }),
  ),
  metadata: Type.Optional(FreeObject()),
})

export const EventReceipt = Type.Object({
  id: Type.String(),
  type: Type.String(),
  created: Type.String({ description: "RFC 3339" }),
  duplicate: Type.Boolean(),
  deliveries: Type.Integer(),
})

const event = {
  id: Type.String(),
  type: Type.String(),
  created: Time,
  accepted: Time,
  ordering_key: Nullable(Type.String()),
  idempotency_key: Nullable(Type.String()),
  // Not bound as those that are stated: what comes from data is whatever stands there.
  attributes: Type.Object(attributesOf(Nullable(Type.String()))),
  deliveries: Type.Integer({ description: "At its acceptance" }),
}

export const EventShown = Type.Object(event)

export const EventDetail = Type.Object({
  ...event,
  data: FreeObject({ description: "As it was published" }),
  metadata: Nullable(FreeObject()),
  payload: Type.String({ description: "The body as receivers get it, byte for byte" }),
})

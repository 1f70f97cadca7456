import Type from "typebox"
import { type Attempt, deliveryStatuses } from "../../domain/delivery.ts"
import type { DeliveryRecord } from "../../ports/store.ts"
import { Nullable, OneOf, Time } from "../schema-vocabulary.ts"
import { rfc3339, rfc3339OrNull } from "../times.ts"
import { headersView } from "../webhooks/webhook-view.ts"

const delivery = {
  id: Type.String(),
  webhook_id: Type.String(),
  event_id: Type.String(),
  event_type: Type.String(),
  sequence: Type.Integer({ description: "Per webhook, rises by one" }),
  ordering_key: Nullable(Type.String({ description: "Its lane, where the webhook is ordered by key" })),
  status: OneOf(deliveryStatuses),
  exhausted_because: Nullable(Type.String({ description: "attempts, window or gone" })),
  attempt_count: Type.Integer(),
  created: Time,
  next_attempt_at: Nullable(Time),
  ended_at: Nullable(Time),
  replay_id: Nullable(Type.String()),
  last_status_code: Nullable(Type.Integer()),
  last_error_code: Nullable(Type.String()),
}

const HeaderValues = Type.Record(Type.String(), Type.String())

export const DeliveryShown = Type.Object(delivery)

export const DeliveryDetail = Type.Object({
  ...delivery,
  attempts: Type.Array(
    Type.Object({
      number: Type.Integer(),
      at: Time,
      duration_ms: Type.Number(),
      status_code: Nullable(Type.Integer()),
      error: Nullable(Type.Object({ code: Type.String(), message: Type.String(), hint: Type.String() })),
      request_headers: HeaderValues,
      response_headers: HeaderValues,
      response_body: Type.String(),
    }),
    { description: "Oldest first" },
  ),
})

export function deliveryView(record: DeliveryRecord) {
  const { status } = record
  return {
    id: record.id,
    webhook_id: record.webhookId,
    event_id: record.eventId,
    event_type: record.eventType,
    sequence: record.sequence,
    ordering_key: record.laneKey,
    status,
    exhausted_because: record.because,
    attempt_count: record.attempts,
    created: rfc3339(record.createdMs),
    // A held one has a time too, but nothing will happen then.
    next_attempt_at: status === "pending" || status === "retrying" ? rfc3339OrNull(record.dueMs) : null,
    ended_at: rfc3339OrNull(record.endedMs),
    replay_id: record.replayId,
    last_status_code: record.lastStatusCode,
    last_error_code: record.lastErrorCode,
  }
}

export function attemptView(attempt: Attempt) {
  return {
    number: attempt.number,
    at: rfc3339(attempt.atMs),
    duration_ms: attempt.durationMs,
    status_code: attempt.statusCode,
    error: attempt.error,
    request_headers: headersView(attempt.requestHeaders),
    response_headers: headersView(attempt.responseHeaders),
    response_body: attempt.responseBody,
  }
}

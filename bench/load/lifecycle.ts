import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { recordedAttempt } from "../../packages/server/src/domain/attempt-detail.ts"
import type { NewDelivery, NewEvent } from "../../packages/server/src/domain/event.ts"
import {
  asId,
  type DeliveryId,
  type EventId,
  IdMint,
  type WebhookId,
  type WorkspaceId,
} from "../../packages/server/src/domain/ids.ts"
import type { Settlement } from "../../packages/server/src/ports/store.ts"
import { eventType, violationDocument } from "./payload.ts"

const mint = new IdMint(() => randomBytes(8).toString("hex"))
export const unique = () => mint.next(Date.now())

const { data } = JSON.parse(readFileSync(violationDocument, "utf8")) as { data: object }
const dataText = JSON.stringify(data)
const resource = "arn:aws:s3:::my-bucket"

/**
 * The documented violation, as the intake hands it to a store: one delivery to each of the webhooks.
 *
 * @param keyed with an idempotency key of its own.
 */
export function acceptedEvent(webhookIds: readonly WebhookId[], keyed = false): NewEvent {
  const nowMs = Date.now()
  const id = asId<EventId>(`evt_${unique()}`)
  return {
    id,
    type: eventType,
    createdMs: nowMs,
    acceptedMs: nowMs,
    body: `{"id":"${id}","type":"${eventType}","created":"2024-01-15T14:30:00Z","data":${dataText}}`,
    orderingKey: resource,
    attributes: { severity: "HIGH", environment: "production", cloud_provider: "aws", resource_id: resource },
    metadata: null,
    trace: null,
    idempotency: keyed ? { key: id, fingerprint: `sha256:${"ab".repeat(32)}` } : null,
    deliveries: webhookIds.map(
      (webhookId): NewDelivery => ({ id: asId<DeliveryId>(`dlv_${unique()}`), webhookId, laneKey: resource }),
    ),
  }
}

/** Its delivery at the first attempt, with headers as they are sent and got. */
export function delivered(
  workspaceId: WorkspaceId,
  event: NewEvent,
  delivery: NewDelivery,
  sequence: number,
): Settlement {
  return {
    workspaceId,
    webhookId: delivery.webhookId,
    deliveryId: delivery.id,
    atMs: Date.now(),
    attempt: recordedAttempt({
      number: 1,
      atMs: event.acceptedMs,
      durationMs: 14.2,
      statusCode: 200,
      error: null,
      requestHeaders: [
        ["content-type", "application/json"],
        ["user-agent", "PolicyCortex-Webhooks/1.0"],
        ["x-policycortex-signature", `sha256=${"ab".repeat(32)}`],
        ["x-policycortex-event", event.type],
        ["x-policycortex-delivery", delivery.id],
        ["x-policycortex-attempt", "1"],
        ["x-policycortex-sequence", String(sequence)],
        ["webhook-id", event.id],
        ["webhook-timestamp", "1705329000"],
        ["webhook-signature", `v1,${"a".repeat(43)}=`],
      ],
      responseHeaders: [
        ["content-type", "application/json"],
        ["date", "Mon, 15 Jan 2024 14:30:00 GMT"],
        ["connection", "keep-alive"],
        ["content-length", "15"],
      ],
      responseBody: '{"received":true}',
    }),
    next: { state: "delivered" },
  }
}

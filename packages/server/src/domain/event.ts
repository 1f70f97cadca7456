import type { DeliveryId, EventId, WebhookId, WorkspaceId } from "./ids.ts"
import type { Attributes } from "./webhook.ts"

/** An event ready to be stored: checked, enveloped, routed. */
export type NewEvent = {
  readonly id: EventId
  readonly type: string
  /** What the publisher says (`created`), or the moment of acceptance. Unix ms. */
  readonly createdMs: number
  readonly acceptedMs: number
  /** The envelope as every receiver of the workspace gets it; `data` inside is the publisher's own text. */
  readonly body: string
  readonly orderingKey: string | null
  readonly attributes: Attributes
  /** The publisher's `metadata` object as JSON text, or null. */
  readonly metadata: string | null
  /** The trace that its attempts go on from, as `traceText` writes it; null without one. */
  readonly trace: string | null
  readonly idempotency: { readonly key: string; readonly fingerprint: string } | null
  readonly deliveries: readonly NewDelivery[]
}

export type NewDelivery = {
  readonly id: DeliveryId
  readonly webhookId: WebhookId
  /** What `by_key` orders by: the ordering key, else the resource id, else empty. */
  readonly laneKey: string
}

export type StoredEvent = {
  readonly id: EventId
  readonly workspaceId: WorkspaceId
  readonly type: string
  readonly createdMs: number
  readonly acceptedMs: number
  readonly body: string
  readonly orderingKey: string | null
  readonly attributes: Attributes
  readonly metadata: string | null
  readonly idempotencyKey: string | null
  readonly deliveries: number
}

/** As lists have it: a page of bodies can be 50 MiB. */
export type ListedEvent = Omit<StoredEvent, "body">

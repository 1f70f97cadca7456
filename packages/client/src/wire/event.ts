import type { DeliveryStatus } from "./delivery.ts"

/** What filters look at. Null: the type carries it, the event has no value. */
export type Attributes = {
  readonly severity?: string | null | undefined
  readonly environment?: string | null | undefined
  readonly cloud_provider?: string | null | undefined
  readonly resource_id?: string | null | undefined
}

type PublicationFields = {
  /** One of the workspace's catalogue. */
  readonly type: string
  /** The same key again publishes nothing new. Generated where it is left out, so that a retry cannot publish twice. */
  readonly idempotency_key?: string | undefined
  /** When it happened, RFC 3339; else the moment of acceptance. */
  readonly created?: string | undefined
  /** For webhooks ordered `by_key`; else the resource id that the type carries. */
  readonly ordering_key?: string | undefined
  /** Overrule what is found in `data`. */
  readonly attributes?: Attributes | undefined
  readonly metadata?: { readonly [name: string]: unknown } | undefined
}

/**
 * An event to publish. Receivers get `data` as it is written: give `dataText`, a JSON object's own text, where
 * JavaScript would write it otherwise (integers beyond 2^53, `1.0`, an order of members).
 */
export type Publication = PublicationFields &
  ({ readonly data: object; readonly dataText?: undefined } | { readonly dataText: string; readonly data?: undefined })

/** Answered once the event and its deliveries are durable. */
export type Receipt = {
  readonly id: string
  readonly type: string
  readonly created: string
  /** Published before, under the same idempotency key; `id` is the first one's. */
  readonly duplicate: boolean
  /** How many webhooks it goes to. */
  readonly deliveries: number
}

export type Event = {
  readonly id: string
  readonly type: string
  readonly created: string
  readonly accepted: string
  readonly ordering_key: string | null
  readonly idempotency_key: string | null
  readonly attributes: Attributes
  readonly deliveries: number
}

export type EventDetail = Event & {
  /** As JavaScript reads it; `payload` has every digit. */
  readonly data: { readonly [name: string]: unknown }
  readonly metadata: { readonly [name: string]: unknown } | null
  /** The body as receivers get it, byte for byte. */
  readonly payload: string
}

export type EventFilter = {
  readonly type?: string | undefined
  /** RFC 3339, inclusive. */
  readonly from?: string | undefined
  /** RFC 3339, exclusive. */
  readonly to?: string | undefined
  /** Part of the payload. */
  readonly text?: string | undefined
}

/** Whether an event went to a webhook, and why not; judged by the webhook's present settings. */
export type EventMatch = {
  readonly webhook_id: string
  /** Null for a key without `webhooks:read`. */
  readonly url: string | null
  readonly description: string | null
  /**
   * - `sent`: it has deliveries.
   * - `event_type`: the webhook does not subscribe to the type.
   * - `about_itself`: it tells of this webhook's own trouble.
   * - `filter`: `criterion` kept it out.
   * - `created_later`: the webhook is younger than the event.
   * - `changed_since`: it would match now, and did not then.
   */
  readonly outcome: "sent" | "event_type" | "about_itself" | "filter" | "created_later" | "changed_since"
  readonly criterion: "severity" | "environments" | "cloud_providers" | null
  /** What the event has there; null: nothing. */
  readonly value: string | null
  /** What the filter lets through, or what is subscribed to. */
  readonly wanted: readonly string[]
  readonly deliveries: readonly { readonly id: string; readonly status: DeliveryStatus }[]
}

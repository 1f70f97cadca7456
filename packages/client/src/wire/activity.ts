import type { AttemptError, DeliveryStatus } from "./delivery.ts"

/** An event that was accepted. */
export type EventActivity = {
  readonly id: string
  readonly type: string
  readonly created: string
  /** How many webhooks it goes to. */
  readonly deliveries: number
}

/** An attempt that was made, and what became of its delivery. */
export type AttemptActivity = {
  readonly delivery_id: string
  readonly webhook_id: string
  readonly event_id: string
  readonly event_type: string
  readonly number: number
  readonly at: string
  readonly duration_ms: number
  readonly status_code: number | null
  readonly error: AttemptError | null
  readonly status: DeliveryStatus
  readonly next_attempt_at: string | null
}

/** Something that has just happened. */
export type Activity =
  | { readonly kind: "event"; readonly event: EventActivity }
  | { readonly kind: "attempt"; readonly attempt: AttemptActivity }

/** `held`: the webhook is inactive, disabled or unverified. `expired`: its window passed while it was held. */
export type DeliveryStatus = "pending" | "held" | "retrying" | "delivered" | "exhausted" | "expired" | "cancelled"

/** Why an attempt failed, and what to do about it. */
export type AttemptError = { readonly code: string; readonly message: string; readonly hint: string }

export type HeaderValues = { readonly [name: string]: string }

/** One event on its way to one webhook. */
export type Delivery = {
  readonly id: string
  readonly webhook_id: string
  readonly event_id: string
  readonly event_type: string
  /** Per webhook, rises by one. */
  readonly sequence: number
  readonly ordering_key: string | null
  readonly status: DeliveryStatus
  /** `attempts`, `window` or `gone`. */
  readonly exhausted_because: string | null
  readonly attempt_count: number
  readonly created: string
  readonly next_attempt_at: string | null
  readonly ended_at: string | null
  readonly replay_id: string | null
  readonly last_status_code: number | null
  readonly last_error_code: string | null
}

export type Attempt = {
  readonly number: number
  readonly at: string
  readonly duration_ms: number
  readonly status_code: number | null
  readonly error: AttemptError | null
  readonly request_headers: HeaderValues
  readonly response_headers: HeaderValues
  readonly response_body: string
}

/** Attempts are oldest first. */
export type DeliveryDetail = Delivery & { readonly attempts: readonly Attempt[] }

export type DeliveryFilter = {
  readonly webhook_id?: string | undefined
  readonly event_id?: string | undefined
  readonly event_type?: string | undefined
  readonly status?: DeliveryStatus | undefined
  /** RFC 3339, inclusive. */
  readonly from?: string | undefined
  /** RFC 3339, exclusive. */
  readonly to?: string | undefined
}

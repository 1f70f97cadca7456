import type { DeliveryId, EventId, WebhookId, WorkspaceId } from "./ids.ts"

/**
 * What the store knows of a delivery. `waiting` covers three of the documented states, which follow from it and its
 * webhook: so pausing a webhook with a million waiting deliveries changes one row, not a million.
 */
export type StoredState = "waiting" | "delivered" | "exhausted" | "expired" | "cancelled"

/** What the API shows (wire.md). */
export type DeliveryStatus = "pending" | "held" | "retrying" | "delivered" | "exhausted" | "expired" | "cancelled"

export const deliveryStatuses = [
  "pending",
  "held",
  "retrying",
  "delivered",
  "exhausted",
  "expired",
  "cancelled",
] as const satisfies readonly DeliveryStatus[]

/** The documented status of a stored delivery. Stores express the same rule in SQL; the contract suite holds them to it. */
export function deliveryStatus(
  state: StoredState,
  attempts: number,
  webhook: { readonly sending: boolean; readonly deleted: boolean },
): DeliveryStatus {
  if (state !== "waiting") return state
  if (webhook.deleted) return "cancelled"
  if (!webhook.sending) return "held"
  return attempts > 0 ? "retrying" : "pending"
}

export type ExhaustedBecause = "attempts" | "window" | "gone"

/** A delivery that is to be sent, with all that sending needs. */
export type WaitingDelivery = {
  readonly id: DeliveryId
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly eventId: EventId
  readonly eventType: string
  /** Per webhook, rises by one in the order of acceptance. */
  readonly sequence: number
  /** What `by_key` orders by. */
  readonly laneKey: string
  /** Attempts made in all; the next is `attempts + 1`. */
  readonly attempts: number
  /** Attempts made before the retry budget last began: 0, or the count when a person asked for a retry. */
  readonly attemptsBefore: number
  readonly dueMs: number
  /** The retry window counts from here: acceptance, or the moment a person asked for a retry. */
  readonly windowFromMs: number
  /** Of its event: see `NewEvent.trace`. */
  readonly trace: string | null
  /** The envelope, byte for byte what every receiver gets. */
  readonly body: string
}

/** One POST, as the log shows it. Append-only. */
export type Attempt = {
  readonly number: number
  readonly atMs: number
  readonly durationMs: number
  /** Null when no response came. */
  readonly statusCode: number | null
  readonly error: AttemptError | null
  readonly requestHeaders: HeaderList
  readonly responseHeaders: HeaderList
  /** The stored part of the response, as text. */
  readonly responseBody: string
}

/** An attempt as it is settled and stored: what only its own page shows is one text, which `attempt-detail.ts` reads. */
export type RecordedAttempt = Pick<Attempt, "number" | "atMs" | "durationMs" | "statusCode" | "error"> & {
  readonly detail: string
}

export type HeaderList = readonly (readonly [name: string, value: string])[]

export type AttemptError = { readonly code: FailureCode; readonly message: string; readonly hint: string }

/** The documented list of reasons why an attempt failed. */
export const failureCodes = [
  "non_2xx",
  "unauthorized",
  "gone",
  "rate_limited",
  "redirect",
  "timeout",
  "dns",
  "connection_refused",
  "connection_reset",
  "connection_failed",
  "tls_expired",
  "tls_untrusted",
  "tls_hostname",
  "tls_protocol",
  "tls_client_certificate",
  "blocked_address",
  "response_too_large",
  "protocol",
  "authorization_failed",
  "egress_proxy",
  "internal",
] as const
export type FailureCode = (typeof failureCodes)[number]

/** @throws Error for what is none. */
export function failureCodeIn(text: string): FailureCode {
  const code = failureCodes.find((each) => each === text)
  if (code === undefined) throw new Error(`${text} is no failure code.`)
  return code
}

/** What becomes of a delivery after an attempt, or without one. */
export type Next =
  | { readonly state: "waiting"; readonly dueMs: number }
  | { readonly state: "delivered" }
  | { readonly state: "exhausted"; readonly because: ExhaustedBecause }
  | { readonly state: "expired" }
  | { readonly state: "cancelled" }

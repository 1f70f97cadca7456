import type { HeaderList } from "../domain/delivery.ts"
import type { DeliveryId, EventId } from "../domain/ids.ts"
import { isTraceHeader, type TraceContext } from "../domain/trace-context.ts"
import type { Webhook, WebhookSecrets } from "../domain/webhook.ts"
import type { Profile } from "./profile.ts"
import { standardSignature } from "./signing.ts"

/** One POST that is about to be made. */
export type AttemptToSign = {
  readonly profile: Profile
  readonly secrets: WebhookSecrets
  /** The customer's own, already refused where they would collide with the engine's (api.md, `headers`). */
  readonly customHeaders: Webhook["headers"]
  readonly eventId: EventId
  readonly eventType: string
  readonly deliveryId: DeliveryId
  /** From 1. */
  readonly attempt: number
  /** Null for a test or verification payload: it takes no place in the webhook's sequence. */
  readonly sequence: number | null
  readonly nowMs: number
  readonly body: string
  readonly test: boolean
  /** Passed on beside what is signed; null: nothing is. */
  readonly trace: TraceContext | null
  /** Which secret the profile's single-value header uses: `previous` for the second try after a 401 or 403. */
  readonly singleSignatureBy: "current" | "previous"
}

/**
 * All headers of one attempt, in the order in which a person reads them: what the body is, who sends it, the
 * customer's own, the signatures, the delivery's particulars. Spec: wire.md; Standard Webhooks, "Webhook headers".
 */
export function deliveryHeaders(attempt: AttemptToSign): HeaderList {
  const { profile, body, eventId } = attempt
  const timestampSeconds = Math.floor(attempt.nowMs / 1000)
  const previous = previousSecret(attempt.secrets, attempt.nowMs)

  const headers: [name: string, value: string][] = [["content-type", "application/json"]]
  addUserAgentAndCustom(headers, profile.userAgent, attempt.customHeaders)

  let signatures = standardSignature(attempt.secrets.current, eventId, timestampSeconds, body)
  if (previous !== null) signatures += ` ${standardSignature(previous, eventId, timestampSeconds, body)}`
  headers.push(
    ["webhook-id", eventId],
    ["webhook-timestamp", String(timestampSeconds)],
    ["webhook-signature", signatures],
  )

  const singleSecret =
    attempt.singleSignatureBy === "previous" ? (previous ?? attempt.secrets.current) : attempt.secrets.current
  const single = profile.signature(singleSecret, body)
  if (single !== null) headers.push([single[0], single[1]])

  const prefix = profile.headerPrefix
  headers.push(
    [`${prefix}Event`, attempt.eventType],
    [`${prefix}Delivery`, attempt.deliveryId],
    [`${prefix}Attempt`, String(attempt.attempt)],
  )
  if (attempt.sequence !== null) headers.push([`${prefix}Sequence`, String(attempt.sequence)])
  if (attempt.test) headers.push([`${prefix}Test`, "true"])
  if (attempt.trace !== null) addTrace(headers, attempt.trace)
  return headers
}

/** A customer's own of that name, from before it was refused, stays the only one. */
function addTrace(headers: [name: string, value: string][], { traceparent, tracestate }: TraceContext): void {
  if (headers.some(([name]) => isTraceHeader(name))) return
  headers.push(["traceparent", traceparent])
  if (tracestate !== null) headers.push(["tracestate", tracestate])
}

/** The secret that a rotation replaced, while receivers may still hold it; null afterwards and without a rotation. */
function previousSecret(secrets: WebhookSecrets, nowMs: number): string | null {
  return secrets.previous !== null && nowMs < secrets.previous.untilMs ? secrets.previous.secret : null
}

function addUserAgentAndCustom(
  headers: [name: string, value: string][],
  userAgent: string,
  custom: Webhook["headers"],
) {
  const customs = Object.entries(custom)
  const isUserAgent = ([name]: [string, string]) => name.toLowerCase() === "user-agent"
  headers.push(["user-agent", customs.find(isUserAgent)?.[1] ?? userAgent])
  for (const header of customs) if (!isUserAgent(header)) headers.push(header)
}

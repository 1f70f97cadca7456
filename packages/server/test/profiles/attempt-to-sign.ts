import { asId, type DeliveryId, type EventId } from "../../src/domain/ids.ts"
import { profileByName } from "../../src/profiles/by-name.ts"
import { type AttemptToSign, deliveryHeaders } from "../../src/profiles/delivery-headers.ts"

/** The first attempt of a violation's delivery, with whatever a test wants different. */
export function attemptToSign(changed: Partial<AttemptToSign> = {}): AttemptToSign {
  return {
    profile: profileByName("policycortex"),
    secrets: { current: "your-webhook-secret", previous: null },
    customHeaders: {},
    eventId: asId<EventId>("evt_1234567890abcdef"),
    eventType: "policy.violation.created",
    deliveryId: asId<DeliveryId>("dlv_0001"),
    attempt: 1,
    sequence: 42,
    nowMs: 1_705_329_000_750,
    body: '{"id":"evt_1234567890abcdef","type":"policy.violation.created"}',
    test: false,
    trace: null,
    singleSignatureBy: "current",
    ...changed,
  }
}

/** The headers as a receiver finds them, by lower-case name. */
export function receivedHeaders(attempt: AttemptToSign): Record<string, string> {
  return Object.fromEntries(deliveryHeaders(attempt).map(([name, value]) => [name.toLowerCase(), value]))
}

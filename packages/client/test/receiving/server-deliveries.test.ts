import { describe, expect, it } from "vitest"
import { profileNames } from "../../../server/src/domain/workspace.ts"
import { profileByName } from "../../../server/src/profiles/by-name.ts"
import { deliveryHeaders } from "../../../server/src/profiles/delivery-headers.ts"
import { attemptToSign } from "../../../server/test/profiles/attempt-to-sign.ts"
import {
  deliveryDetails,
  type VerifyOptions,
  verifyCyberVault,
  verifyPolicyCortex,
  verifyStandard,
  type WebhookMessage,
} from "../../src/receiving.ts"

const verifiers = {
  policycortex: (message: WebhookMessage, options: VerifyOptions) => verifyPolicyCortex(message, options),
  cybervault: (message: WebhookMessage, options: VerifyOptions) => verifyCyberVault(message, options),
  standard: (message: WebhookMessage, options: VerifyOptions) => verifyStandard(message, options),
}

describe.each(profileNames)("what the server sends for %s", (name) => {
  const profile = profileByName(name)
  const { catalogue } = profile

  it.each(catalogue.map((type) => [type.name, type.sample] as const))(
    "%s is accepted and typed",
    async (type, sample) => {
      const { eventId, nowMs } = attemptToSign()
      const body = profile.envelope({
        id: eventId,
        type,
        createdMs: nowMs,
        data: JSON.stringify(sample),
        workspaceId: "ws_1" as Parameters<typeof profile.envelope>[0]["workspaceId"],
        engineVersion: null,
        idempotencyKey: null,
        metadata: null,
      })
      const sent = deliveryHeaders(attemptToSign({ profile, body, eventType: type, attempt: 3, sequence: 42 }))
      const headers = Object.fromEntries(sent)
      const event = await verifiers[name]({ body, headers }, { secret: "your-webhook-secret", nowMs })
      expect(event).toMatchObject({ id: eventId, type, data: sample })
      expect(deliveryDetails(headers)).toEqual({ id: "dlv_0001", attempt: 3, sequence: 42, test: false })
    },
  )

  it("a rotation is survived by whoever holds the new secret, or both", async () => {
    const { nowMs } = attemptToSign()
    const secrets = { current: "the-new-secret", previous: { secret: "the-old-secret", untilMs: nowMs + 1 } }
    const body = '{"id":"evt_1","type":"a","event":"a","created":"","timestamp":"","data":{},"metadata":{}}'
    const headers = Object.fromEntries(deliveryHeaders(attemptToSign({ profile, body, secrets })))
    const verify = (secret: string | string[]) => verifiers[name]({ body, headers }, { secret, nowMs })
    await expect(verify("the-new-secret")).resolves.toBeDefined()
    await expect(verify(["the-old-secret", "the-new-secret"])).resolves.toBeDefined()
    await expect(verify("a-third-secret")).rejects.toMatchObject({ code: "signature_mismatch" })
  })

  it("a test is told from the real thing", () => {
    const headers = Object.fromEntries(deliveryHeaders(attemptToSign({ profile, test: true, sequence: null })))
    expect(deliveryDetails(headers)).toMatchObject({ test: true, sequence: null })
  })
})

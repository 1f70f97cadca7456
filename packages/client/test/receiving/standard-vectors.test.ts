import { Webhook } from "standardwebhooks"
import { expect, it } from "vitest"
import vectors from "../../../server/test/fixtures/standard-webhooks-vectors.json" with { type: "json" }
import { checkStandardSignature } from "../../src/receiving/standard-signature.ts"

it.each(vectors)("accepts the published vector $id", async ({ secret, id, timestamp, body, signature }) => {
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signature,
  }
  const options = { secret, nowMs: timestamp * 1000 }
  const signed = await checkStandardSignature({ body, headers }, options)
  expect(signed.id).toBe(id)
  await expect(checkStandardSignature({ body: `${body} `, headers }, options)).rejects.toMatchObject({
    code: "signature_mismatch",
  })
})

it("has vectors to check", () => expect(vectors.length).toBeGreaterThan(0))

it("accepts what the Standard Webhooks library signs", async () => {
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
  const at = new Date("2025-01-15T14:32:00Z")
  const body = '{"test":"ünï"}'
  const headers = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(at.getTime() / 1000),
    "webhook-signature": new Webhook(secret).sign("msg_1", at, body),
  }
  await expect(checkStandardSignature({ body, headers }, { secret, nowMs: at.getTime() })).resolves.toBeDefined()
})

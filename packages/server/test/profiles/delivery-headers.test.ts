import { createHmac } from "node:crypto"
import { Webhook } from "standardwebhooks"
import { describe, expect, it } from "vitest"
import { asId, type EventId } from "../../src/domain/ids.ts"
import { profileNames } from "../../src/domain/workspace.ts"
import { profileByName } from "../../src/profiles/by-name.ts"
import { deliveryHeaders } from "../../src/profiles/delivery-headers.ts"
import { newStandardSecret, standardSignature } from "../../src/profiles/signing.ts"
import vectors from "../fixtures/standard-webhooks-vectors.json" with { type: "json" }
import { attemptToSign, receivedHeaders } from "./attempt-to-sign.ts"

const hex = (secret: string, body: string) => createHmac("sha256", secret).update(body).digest("hex")

describe("the headers of an attempt", () => {
  it("PolicyCortex: all of them, in reading order", () => {
    const attempt = attemptToSign({ customHeaders: { "X-Custom-Header": "custom-value" } })
    expect(deliveryHeaders(attempt)).toEqual([
      ["content-type", "application/json"],
      ["user-agent", "PolicyCortex-Webhooks/1.0"],
      ["X-Custom-Header", "custom-value"],
      ["webhook-id", "evt_1234567890abcdef"],
      ["webhook-timestamp", "1705329000"],
      ["webhook-signature", standardSignature("your-webhook-secret", attempt.eventId, 1705329000, attempt.body)],
      ["X-PolicyCortex-Signature", `sha256=${hex("your-webhook-secret", attempt.body)}`],
      ["X-PolicyCortex-Event", "policy.violation.created"],
      ["X-PolicyCortex-Delivery", "dlv_0001"],
      ["X-PolicyCortex-Attempt", "1"],
      ["X-PolicyCortex-Sequence", "42"],
    ])
  })

  it("CyberVault: its signature is bare hex", () => {
    const attempt = attemptToSign({ profile: profileByName("cybervault"), eventType: "threat.detected" })
    const headers = receivedHeaders(attempt)
    expect(headers["x-cybervault-signature"]).toBe(hex("your-webhook-secret", attempt.body))
    expect(headers).toMatchObject({ "user-agent": "CyberVault-Webhooks/1.0", "x-cybervault-event": "threat.detected" })
  })

  it("standard: no signature but webhook-signature, and plain Webhook- names", () => {
    const names = deliveryHeaders(attemptToSign({ profile: profileByName("standard") })).map(([name]) => name)
    expect(names).toEqual([
      "content-type",
      "user-agent",
      "webhook-id",
      "webhook-timestamp",
      "webhook-signature",
      "Webhook-Event",
      "Webhook-Delivery",
      "Webhook-Attempt",
      "Webhook-Sequence",
    ])
  })

  it("a test payload says so, and has no place in the sequence", () => {
    const headers = receivedHeaders(attemptToSign({ test: true, sequence: null }))
    expect(headers["x-policycortex-test"]).toBe("true")
    expect(headers).not.toHaveProperty("x-policycortex-sequence")
  })

  it("a customer's User-Agent takes the place of ours, however it is spelled", () => {
    const headers = deliveryHeaders(attemptToSign({ customHeaders: { "USER-agent": "Mine/2", "X-Team": "soc" } }))
    expect(headers.filter(([name]) => name.toLowerCase() === "user-agent")).toEqual([["user-agent", "Mine/2"]])
    expect(headers).toContainEqual(["X-Team", "soc"])
  })

  it("an attempt later has the same id, a fresh timestamp and so a fresh signature", () => {
    const first = receivedHeaders(attemptToSign())
    const second = receivedHeaders(attemptToSign({ attempt: 2, nowMs: 1_705_329_005_000 }))
    expect(second["webhook-id"]).toBe(first["webhook-id"])
    expect(second["webhook-timestamp"]).toBe("1705329005")
    expect(second["webhook-signature"]).not.toBe(first["webhook-signature"])
    expect(second["x-policycortex-signature"]).toBe(first["x-policycortex-signature"])
  })

  it.each(profileNames)("%s sends no header twice", (name) => {
    const names = deliveryHeaders(attemptToSign({ profile: profileByName(name), test: true })).map(([header]) =>
      header.toLowerCase(),
    )
    expect(new Set(names).size).toBe(names.length)
  })
})

describe("the overlap after a rotation", () => {
  const secrets = { current: "the-new-secret", previous: { secret: "the-old-secret", untilMs: 2_000_000 } }
  const during = attemptToSign({ secrets, nowMs: 1_999_999 })
  const signedBy = (secret: string, seconds: number) => standardSignature(secret, during.eventId, seconds, during.body)

  it("webhook-signature carries the new one, then the old one", () => {
    expect(receivedHeaders(during)["webhook-signature"]).toBe(
      `${signedBy("the-new-secret", 1999)} ${signedBy("the-old-secret", 1999)}`,
    )
  })

  it("the single-value header uses the new one, or the old one when asked", () => {
    expect(receivedHeaders(during)["x-policycortex-signature"]).toBe(`sha256=${hex("the-new-secret", during.body)}`)
    expect(receivedHeaders({ ...during, singleSignatureBy: "previous" })["x-policycortex-signature"]).toBe(
      `sha256=${hex("the-old-secret", during.body)}`,
    )
  })

  it("once it is over, the old secret signs nothing, even when asked", () => {
    const after = receivedHeaders({ ...during, nowMs: 2_000_000, singleSignatureBy: "previous" })
    expect(after["webhook-signature"]).toBe(signedBy("the-new-secret", 2000))
    expect(after["x-policycortex-signature"]).toBe(`sha256=${hex("the-new-secret", during.body)}`)
  })
})

describe("Standard Webhooks", () => {
  it.each(vectors)("signs the vector $id", ({ secret, id, timestamp, body, signature }) => {
    expect(standardSignature(secret, id, timestamp, body)).toBe(signature)
  })

  const whsec = newStandardSecret(Uint8Array.from({ length: 32 }, (_, at) => at * 7))
  const body = '{"id":"evt_1","data":{"n":12345678901234567890,"name":"Ünïcödé 🔔"}}'

  it.each(profileNames)("the standardwebhooks package takes %s's deliveries", (name) => {
    const attempt = { profile: profileByName(name), body, eventId: asId<EventId>("evt_1"), nowMs: Date.now() }
    const keyed = receivedHeaders(attemptToSign({ ...attempt, secrets: { current: whsec, previous: null } }))
    expect(new Webhook(whsec).verify(body, keyed)).toHaveProperty("id", "evt_1")
    expect(() => new Webhook(whsec).verify(body.replace("evt_1", "evt_2"), keyed)).toThrow()

    const typed = receivedHeaders(
      attemptToSign({ ...attempt, secrets: { current: "schlüssel-wörter", previous: null } }),
    )
    const key = new TextEncoder().encode("schlüssel-wörter")
    expect(new Webhook(key, { format: "raw" }).verify(body, typed)).toHaveProperty("id", "evt_1")
  })

  it("the standardwebhooks package takes old and new secret during a rotation", () => {
    const old = newStandardSecret(Uint8Array.from({ length: 32 }, (_, at) => at * 5 + 1))
    const nowMs = Date.now()
    const secrets = { current: whsec, previous: { secret: old, untilMs: nowMs + 1000 } }
    const headers = receivedHeaders(attemptToSign({ body, nowMs, secrets }))
    expect(new Webhook(whsec).verify(body, headers)).toHaveProperty("id", "evt_1")
    expect(new Webhook(old).verify(body, headers)).toHaveProperty("id", "evt_1")
    const stranger = newStandardSecret(new Uint8Array(32))
    expect(() => new Webhook(stranger).verify(body, headers)).toThrow()
  })

  it("whsec_ keys the documents' headers with its text, as customers' code does", () => {
    const headers = receivedHeaders(attemptToSign({ body, secrets: { current: whsec, previous: null } }))
    expect(headers["x-policycortex-signature"]).toBe(`sha256=${hex(whsec, body)}`)
  })

  it("keeps signing rightly with more secrets than it keeps keys for", () => {
    const secretAt = (at: number) => `secret-number-${at}`
    const first = standardSignature(secretAt(0), "id", 1, "{}")
    for (let at = 1; at < 20_001; at++) standardSignature(secretAt(at), "id", 1, "{}")
    expect(standardSignature(secretAt(0), "id", 1, "{}")).toBe(first)
    expect(standardSignature(secretAt(1), "id", 1, "{}")).not.toBe(first)
  })
})

import { describe, expect, it } from "vitest"
import {
  type VerifyOptions,
  verifyCyberVault,
  verifyPolicyCortex,
  verifyStandard,
  type WebhookMessage,
  WebhookRefused,
} from "../../src/receiving.ts"
import { bodies, nowMs, secret, signedHeaders, timestampSeconds } from "./signed-message.ts"

type Verify = (message: WebhookMessage, options: VerifyOptions) => Promise<unknown>

const profiles: readonly { name: keyof typeof bodies; verify: Verify; ownHeader: string | null }[] = [
  { name: "policycortex", verify: (...given) => verifyPolicyCortex(...given), ownHeader: "x-policycortex-signature" },
  { name: "cybervault", verify: (...given) => verifyCyberVault(...given), ownHeader: "x-cybervault-signature" },
  { name: "standard", verify: (...given) => verifyStandard(...given), ownHeader: null },
]

const otherSecret = "another-webhook-secret"
const whsec = `whsec_${Buffer.alloc(32, 7).toString("base64")}`

async function refusalOf(outcome: Promise<unknown>): Promise<string> {
  const failure: unknown = await outcome.then(
    () => new Error("it was accepted"),
    (caught: unknown) => caught,
  )
  if (!(failure instanceof WebhookRefused)) throw failure
  return failure.code
}

describe.each(profiles)("$name", ({ name, verify, ownHeader }) => {
  const body = bodies[name]
  const headers = signedHeaders(body)
  const options = { secret, nowMs }

  it("accepts a body as text, as bytes, as a part of a larger buffer and as an ArrayBuffer", async () => {
    const buffer = Buffer.from(`before${body}`).subarray(6)
    for (const form of [body, Buffer.from(body), buffer, new Uint8Array(Buffer.from(body)).buffer]) {
      expect(await verify({ body: form, headers }, options)).toMatchObject({ data: JSON.parse(body).data })
    }
  })

  it("finds headers by any case, in the web's Headers, and among an object's lists", async () => {
    const upper = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key.toUpperCase(), value]))
    const lists = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, [value]]))
    for (const form of [upper, new Headers(headers), lists]) {
      await expect(verify({ body, headers: form }, options)).resolves.toBeDefined()
    }
  })

  it.each([secret, otherSecret, whsec, "schlüssel-🔑-geheim"])(
    "accepts what %s signed, and only with it",
    async (by) => {
      const signed = signedHeaders(body, { by })
      await expect(verify({ body, headers: signed }, { secret: by, nowMs })).resolves.toBeDefined()
      expect(
        await refusalOf(verify({ body, headers: signed }, { secret: `${by}x`.replace("=x", "AA"), nowMs })),
      ).toMatch(/^(signature_mismatch|secret_unusable)$/)
    },
  )

  it("refuses a changed byte, and JSON that was parsed and written again", async () => {
    const changed = body.replace("2", "3")
    expect(changed).not.toBe(body)
    const rewritten = JSON.stringify(JSON.parse(body), null, 1)
    for (const other of [changed, rewritten, `${body} `, ""]) {
      expect(await refusalOf(verify({ body: other, headers }, options))).toBe("signature_mismatch")
    }
  })

  it("refuses an object in the body's place, and says what to do", async () => {
    const parsed = JSON.parse(body)
    await expect(verify({ body: parsed, headers }, options)).rejects.toMatchObject({
      code: "body_not_raw",
      status: 500,
      message: expect.stringContaining("express.raw"),
    })
  })

  it("accepts a message five minutes old or early, and not a second more", async () => {
    for (const [afterSeconds, refusal] of [
      [300, null],
      [301, "timestamp_too_old"],
      [-300, null],
      [-301, "timestamp_in_future"],
    ] as const) {
      const outcome = verify({ body, headers }, { secret, nowMs: nowMs + afterSeconds * 1000 })
      if (refusal === null) await expect(outcome).resolves.toBeDefined()
      else expect(await refusalOf(outcome)).toBe(refusal)
    }
  })

  it("keeps to another tolerance when told", async () => {
    const later = { secret, nowMs: nowMs + 3_600_000 }
    await expect(verify({ body, headers }, { ...later, toleranceSeconds: 3600 })).resolves.toBeDefined()
    expect(await refusalOf(verify({ body, headers }, { ...later, toleranceSeconds: 3599 }))).toBe("timestamp_too_old")
  })

  it("refuses a recorded message that is given a fresh time or another id", async () => {
    for (const forged of [{ "webhook-timestamp": String(timestampSeconds + 1) }, { "webhook-id": "evt_other" }]) {
      expect(await refusalOf(verify({ body, headers: { ...headers, ...forged } }, options))).toBe("signature_mismatch")
    }
  })

  it("accepts during a rotation: a receiver with both secrets either signature, and one of several signatures", async () => {
    const byOther = signedHeaders(body, { by: otherSecret })
    for (const both of [
      [secret, otherSecret],
      [otherSecret, secret],
    ]) {
      await expect(verify({ body, headers }, { secret: both, nowMs })).resolves.toBeDefined()
      await expect(verify({ body, headers: byOther }, { secret: both, nowMs })).resolves.toBeDefined()
    }
    const twice = { ...headers, "webhook-signature": `${byOther["webhook-signature"]} ${headers["webhook-signature"]}` }
    await expect(verify({ body, headers: twice }, options)).resolves.toBeDefined()
  })

  it("looks past signatures of other versions, broken ones and shorter ones", async () => {
    const right = headers["webhook-signature"]
    const strange = ["v1a,AAAA", "v1,", "v1,%%%", right.slice(0, -8), right.replace("v1,", "v2,"), right.slice(3)]
    for (const each of strange) {
      const only = { ...headers, "webhook-signature": each }
      expect(await refusalOf(verify({ body, headers: only }, options))).toBe("signature_mismatch")
      const beside = { ...headers, "webhook-signature": `${each} ${right}` }
      await expect(verify({ body, headers: beside }, options)).resolves.toBeDefined()
    }
  })

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"] as const)(
    "names the missing %s",
    async (missing) => {
      const { [missing]: _, ...rest } = headers
      await expect(verify({ body, headers: rest }, options)).rejects.toMatchObject({
        code: "header_missing",
        status: 401,
        message: expect.stringContaining(missing),
      })
    },
  )

  it.each(["", "soon", "-5", "1e9", "1705329000.5", " 1705329000"])("refuses the timestamp %j", async (timestamp) => {
    const outcome = verify({ body, headers: { ...headers, "webhook-timestamp": timestamp } }, options)
    expect(await refusalOf(outcome)).toMatch(/^header_(malformed|missing)$/)
  })

  it("never verifies without a secret", async () => {
    const none: readonly unknown[] = [undefined, "", [], [""], [undefined], null]
    for (const each of none) {
      // As plain JavaScript with an unset environment variable would call it.
      const outcome = verify({ body, headers }, { secret: each as string, nowMs })
      expect(await refusalOf(outcome)).toBe("secret_unusable")
    }
    expect(await refusalOf(verify({ body, headers }, { secret: "whsec_%%", nowMs }))).toBe("secret_unusable")
  })

  it("refuses what is signed but no envelope", async () => {
    for (const content of ["{", "[]", "null", "{}", '"text"', JSON.stringify({ type: 5, event: 5, data: {} })]) {
      expect(await refusalOf(verify({ body: content, headers: signedHeaders(content) }, options))).toBe(
        "body_malformed",
      )
    }
  })

  if (ownHeader !== null) {
    it("refuses without the document's own header, and with a wrong one", async () => {
      const own = signedHeaders(body)[ownHeader === "x-cybervault-signature" ? ownHeader : "x-policycortex-signature"]
      const { [ownHeader]: _, ...rest } = { ...headers } as Record<string, string>
      expect(await refusalOf(verify({ body, headers: rest }, options))).toBe("header_missing")
      const last = own.at(-1) === "0" ? "1" : "0"
      for (const wrong of [
        own.slice(0, -1) + last,
        own.slice(0, -2),
        own.replace("sha256=", "sha1="),
        `x${own}`,
        "sha256=",
      ]) {
        if (wrong === own) continue
        expect(await refusalOf(verify({ body, headers: { ...headers, [ownHeader]: wrong } }, options))).toBe(
          "signature_mismatch",
        )
      }
    })
  }
})

describe("what is returned", () => {
  it("is PolicyCortex's envelope as it was sent", async () => {
    const body = bodies.policycortex
    expect(await verifyPolicyCortex({ body, headers: signedHeaders(body) }, { secret, nowMs })).toEqual(
      JSON.parse(body),
    )
  })

  it("is CyberVault's envelope with type beside event", async () => {
    const body = bodies.cybervault
    expect(await verifyCyberVault({ body, headers: signedHeaders(body) }, { secret, nowMs })).toEqual({
      ...JSON.parse(body),
      type: "threat.detected",
    })
  })

  it("is the Standard Webhooks payload with the header's id", async () => {
    const body = bodies.standard
    const headers = signedHeaders(body, { id: "msg_5" })
    expect(await verifyStandard({ body, headers }, { secret, nowMs })).toEqual({ ...JSON.parse(body), id: "msg_5" })
  })

  it("lets no body put a prototype under the event", async () => {
    const body = bodies.standard.replace("{", '{"__proto__":{"admin":true},')
    const event: object = await verifyStandard({ body, headers: signedHeaders(body) }, { secret, nowMs })
    expect(Reflect.get(event, "admin")).toBeUndefined()
  })
})

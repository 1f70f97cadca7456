import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { WebhookRefused } from "../../../client/src/receiving/refusal.ts"
import { verifyCyberVault } from "../../../client/src/receiving/verify-cybervault.ts"
import { verifyPolicyCortex } from "../../../client/src/receiving/verify-policycortex.ts"
import { verifyStandard } from "../../../client/src/receiving/verify-standard.ts"
import { problems } from "../../src/api/problems.ts"
import { retryAfterMs } from "../../src/domain/retrying.ts"
import { judgeAddress, parseAddress } from "../../src/send/address-rules.ts"
import { parseAllowedTargets, parseDeniedTargets, strictPolicy } from "../../src/send/allowed-targets.ts"
import { parseEgressProxy } from "../../src/send/egress-proxy.ts"
import { checkTarget } from "../../src/send/target-rules.ts"
import { type Answer, runApi, sharedApi, violation, violationEvent } from "../api/running-api.ts"

/** Texts, among them those that parsers stumble over. */
const texts = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.constantFrom("", " ", "\u0000", "\ud800", "🔔", "-0", "NaN", "1e999", "%", "%zz", "__proto__", "\u202e"),
)

function expectProblemOr(accepted: readonly number[], answer: Answer): void {
  if (accepted.includes(answer.status)) return
  expect(answer.headers["content-type"], answer.text).toBe("application/problem+json")
  expect(Object.keys(problems)).toContain(answer.json.code)
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(answer.status, answer.text).toBeLessThan(500)
}

describe("JSON from publishers", () => {
  const shared = sharedApi()

  /** JSON text with white space, escapes and numbers as people's programs write them. */
  const { value: jsonText } = fc.letrec<{ value: string; name: string }>((tie) => ({
    name: fc.oneof(
      fc.string({ maxLength: 8 }).map((text) => JSON.stringify(text)),
      fc.constant('"\\u0061"'),
    ),
    value: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      fc.constantFrom("1.0", "-0", "12345678901234567890", "1E+2", "true", "null", '"\\ud83d\\ude00"', '"\\u0000"'),
      fc.string({ maxLength: 10 }).map((text) => JSON.stringify(text)),
      fc.array(tie("value"), { maxLength: 4 }).map((items) => `[ ${items.join(" ,\n")}\t]`),
      fc
        .uniqueArray(fc.tuple(tie("name"), tie("value")), {
          maxLength: 4,
          selector: ([name]) => String(JSON.parse(name)),
        })
        .map((members) => `{ ${members.map(([name, value]) => `${name} :\r\n${value}`).join(" , ")} }`),
    ),
  }))

  it("reaches the receiver as it was written, whatever it is", async () => {
    const { call, workspaceKey, webhook, receivers, clock } = await runApi()
    const key = await workspaceKey("standard")
    await call("POST", "/v1/event-types", { key, body: { name: "own.type" } })
    await webhook(key)
    await fc.assert(
      fc.asyncProperty(jsonText, async (value) => {
        const raw = `{"type": "own.type" , "data":{"any": ${value}}}`
        const answer = await call("POST", "/v1/events", { key, raw })
        expect(answer.status, answer.text).toBe(202)
        await clock.advance(10)
        expect(receivers.requests.at(-1)?.body).toContain(`{"any": ${value}}`)
      }),
      { numRuns: 150 },
    )
  })

  it("that is broken in any way is answered with a problem", async () => {
    const { call, workspaceKey } = shared()
    const key = await workspaceKey()
    const valid = Buffer.from(JSON.stringify(violationEvent))
    const damaged = fc
      .array(
        fc.record({ at: fc.nat({ max: valid.length }), cut: fc.nat({ max: 6 }), put: fc.uint8Array({ maxLength: 4 }) }),
        {
          minLength: 1,
          maxLength: 4,
        },
      )
      .map((damages) =>
        damages.reduce<Buffer>(
          (bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
          valid,
        ),
      )
    const bodies = fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      texts.map((text) => Buffer.from(text)),
    )
    await fc.assert(
      fc.asyncProperty(bodies, fc.constantFrom("/v1/events", "/v1/events/batch", "/v1/webhooks"), async (raw, path) => {
        expectProblemOr([202, 201, 200], await call("POST", path, { key, raw }))
      }),
      { numRuns: 400 },
    )
  })

  it("nested up to the limit is taken, one deeper is refused, and no depth is too much for the check itself", async () => {
    const { call, workspaceKey } = shared()
    const key = await workspaceKey()
    await call("POST", "/v1/event-types", { key, body: { name: "own.type" } })
    // The event, `data` and `any` are two levels.
    const nested = (depth: number) => `{"type":"own.type","data":{"any":${"[".repeat(depth)}${"]".repeat(depth)}}}`
    expect((await call("POST", "/v1/events", { key, raw: nested(98) })).status).toBe(202)
    expect((await call("POST", "/v1/events", { key, raw: nested(99) })).json.code).toBe("json_too_deep")
    expect((await call("POST", "/v1/events", { key, raw: nested(200_000) })).json.code).toBe("json_too_deep")
    expect((await call("POST", "/v1/events", { key, raw: "[".repeat(500_000) })).json.code).toBe("json_too_deep")
  })
})

describe("headers and queries from callers", () => {
  const shared = sharedApi()
  const headerText = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 300,
  })

  it("are taken or answered with a problem", async () => {
    const { call, workspaceKey } = shared()
    const key = await workspaceKey()
    const name = fc.constantFrom(
      "authorization",
      "cookie",
      "idempotency-key",
      "content-type",
      "origin",
      "sec-fetch-site",
    )
    const value = fc.oneof(
      headerText,
      headerText.map((text) => `Bearer ${text}`),
      headerText.map((text) => `tocsin_session=${text}`),
    )
    await fc.assert(
      fc.asyncProperty(name, value, fc.boolean(), async (header, sent, publishes) => {
        const answer = await call(publishes ? "POST" : "GET", publishes ? "/v1/events" : "/v1/webhooks", {
          key: header === "authorization" || header === "cookie" ? null : key,
          ...(publishes && { body: violationEvent }),
          headers: { [header]: sent },
        })
        expectProblemOr([200, 202], answer)
        if (header === "authorization" || header === "cookie") expect(answer.status).toBeGreaterThanOrEqual(400)
      }),
      { numRuns: 400 },
    )
  })

  it("cursors that this API did not give are refused, whatever they are", async () => {
    const { call, workspaceKey } = shared()
    const key = await workspaceKey()
    await call("POST", "/v1/events", { key, body: violationEvent })
    const cursor = fc.oneof(
      texts,
      fc.base64String(),
      texts.map((text) => Buffer.from(text).toString("base64url")),
    )
    const lists = fc.constantFrom("/v1/events", "/v1/deliveries", "/v1/webhooks", "/v1/audit-log", "/v1/event-types")
    await fc.assert(
      fc.asyncProperty(lists, cursor, async (path, sent) => {
        expectProblemOr([200], await call("GET", `${path}?cursor=${encodeURIComponent(sent.toWellFormed())}`, { key }))
      }),
      { numRuns: 300 },
    )
  })

  it("filters of lists are taken or refused", async () => {
    const { call, workspaceKey } = shared()
    const key = await workspaceKey()
    const names = ["from", "to", "limit", "status", "type", "text", "event_type", "webhook_id", "event_id"]
    const query = fc.dictionary(fc.constantFrom(...names), texts, { maxKeys: 3 })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom("/v1/events", "/v1/deliveries"), query, async (path, sent) => {
        const asked = Object.entries(sent).map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
        expectProblemOr([200], await call("GET", `${path}?${asked.join("&")}`, { key }))
      }),
      { numRuns: 300 },
    )
  })
})

describe("URLs of receivers", () => {
  const hosts = fc.oneof(
    fc.ipV4(),
    fc.ipV4Extended(),
    fc.ipV6().map((address) => `[${address}]`),
    fc.domain(),
    fc.nat({ max: 2 ** 32 - 1 }).map(String),
    texts,
  )
  const urls = fc.oneof(
    fc.webUrl({ withFragments: true, withQueryParameters: true }),
    fc
      .tuple(fc.constantFrom("https://", "http://", "//", "https:\\\\", "ftp://", ""), texts, hosts, texts)
      .map((parts) => parts.join("")),
    hosts.map((host) => `https://${host}/`),
    texts,
  )

  it("are read or refused, never with an error, and an address that passes is a public one", () => {
    let passed = 0
    fc.assert(
      fc.property(urls, (url) => {
        const check = checkTarget(url, strictPolicy)
        if (!check.ok) {
          expect(check.because).not.toBe("")
          return
        }
        passed += 1
        expect(url).toMatch(/^https?:/i)
        const address = parseAddress(check.target.host)
        if (address !== null) {
          expect(judgeAddress(address)).toEqual({ denied: false })
          expect(check.target.secure).toBe(true)
        }
        expect(new URL(url).username).toBe("")
        expect(check.target.path.startsWith("/")).toBe(true)
      }),
      { numRuns: 3_000 },
    )
    expect(passed).toBeGreaterThan(100)
  })

  it("IPv4 addresses mean the same however IPv6 wraps them", () => {
    const wrappings = [
      (hex: string) => `::ffff:${hex}`,
      (hex: string) => `64:ff9b::${hex}`,
      (hex: string) => `::ffff:0:${hex}`,
      (hex: string) => `64:ff9b:1::${hex}`,
      (hex: string) => `::${hex}`,
    ]
    fc.assert(
      fc.property(fc.ipV4(), fc.constantFrom(...wrappings), (ipv4, wrap) => {
        const plain = parseAddress(ipv4)
        const [a = 0, b = 0, c = 0, d = 0] = ipv4.split(".").map(Number)
        const wrapped = parseAddress(wrap(`${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`))
        if (plain === null || wrapped === null) throw new Error(`${ipv4} is an address`)
        // What carries a denied address is denied; some wrappings always are.
        if (judgeAddress(plain).denied) expect(judgeAddress(wrapped).denied).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe("settings", () => {
  it("that list targets or name a proxy are read or refused in one line", () => {
    fc.assert(
      fc.property(texts, (text) => {
        for (const parse of [parseAllowedTargets, parseDeniedTargets, parseEgressProxy]) {
          try {
            parse(text)
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
            expect(error).not.toBeInstanceOf(TypeError)
          }
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe("what receivers answer", () => {
  it("in Retry-After is a delay or nothing", () => {
    const dates = fc
      .date({ noInvalidDate: false })
      .map((date) => (Number.isNaN(date.getTime()) ? "Invalid" : date.toUTCString()))
    const values = fc.oneof(
      texts,
      fc.integer().map(String),
      fc.double().map(String),
      dates,
      dates.map((date) => ` ${date}`),
    )
    fc.assert(
      fc.property(values, fc.nat({ max: 4e12 }), (value, nowMs) => {
        const delayMs = retryAfterMs(value, nowMs)
        if (delayMs === null) return
        expect(Number.isFinite(delayMs)).toBe(true)
        expect(delayMs).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 3_000 },
    )
    expect(retryAfterMs("120", 0)).toBe(120_000)
    expect(retryAfterMs("Thu, 01 Jan 1970 00:00:10 GMT", 4_000)).toBe(6_000)
  })
})

describe("signatures that receivers check", () => {
  const secret = "your-webhook-secret"
  const verifiers = [verifyPolicyCortex, verifyCyberVault, verifyStandard]

  it("are refused unless they are right, with a reason and never another error", async () => {
    const nowSeconds = Math.floor(Date.now() / 1000)
    const signature = fc.oneof(
      texts,
      fc.base64String().map((text) => `v1,${text}`),
      fc.stringMatching(/^[0-9a-f]{64}$/),
      fc.stringMatching(/^[0-9a-f]{64}$/).map((hex) => `sha256=${hex}`),
      fc.array(fc.base64String(), { maxLength: 50 }).map((all) => all.map((text) => `v1,${text}`).join(" ")),
    )
    const headers = fc.record(
      {
        "webhook-id": texts,
        "webhook-timestamp": fc.oneof(fc.constant(String(nowSeconds)), texts),
        "webhook-signature": signature,
        "X-PolicyCortex-Signature": signature,
        "X-CyberVault-Signature": signature,
      },
      { requiredKeys: [] },
    )
    const body = fc.oneof(fc.constant(JSON.stringify(violation)), texts)
    await fc.assert(
      fc.asyncProperty(headers, body, fc.constantFrom(...verifiers), async (sent, content, verify) => {
        await expect(verify({ headers: sent, body: content }, { secret })).rejects.toBeInstanceOf(WebhookRefused)
      }),
      { numRuns: 1_000 },
    )
  })
})

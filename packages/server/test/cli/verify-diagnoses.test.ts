import { randomBytes } from "node:crypto"
import { verifyCyberVault, verifyPolicyCortex, verifyStandard } from "@tocsin/client"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { BodyChange } from "../../src/cli/verifying/body-changes.ts"
import type { Captured } from "../../src/cli/verifying/captured-request.ts"
import { type DiagnosisOptions, diagnose } from "../../src/cli/verifying/diagnose.ts"
import { changeDetails } from "../../src/cli/verifying/findings.ts"
import { asId, type Unique } from "../../src/domain/ids.ts"
import { type ProfileName, profileNames } from "../../src/domain/workspace.ts"
import { profileByName } from "../../src/profiles/by-name.ts"
import { deliveryHeaders } from "../../src/profiles/delivery-headers.ts"
import { newStandardSecret } from "../../src/profiles/signing.ts"

const nowMs = Date.UTC(2025, 0, 15, 14, 30)
const secret = "your-webhook-secret"

/** As publishers' languages write it: `data` reaches receivers as it is. */
const published = {
  compact: '{"violation":{"id":"viol_1","score":1.0,"note":"Zürich </b> a/b","tags":[]}}',
  spaced: '{"violation": {"id": "viol_1", "score": 1.0, "note": "Zürich </b> a/b", "tags": []}}',
  indented: `{
  "violation": {
    "id": "viol_1",
    "score": 1.0,
    "tags": [
      "a",
      "b"
    ]
  }
}`,
} as const

type Sending = {
  readonly profile?: ProfileName
  readonly data?: string
  readonly signedBy?: string
  readonly previous?: string
  readonly atMs?: number
}

/** A delivery as the server sends it. */
function sent(sending: Sending = {}): Captured & { text: string } {
  const {
    profile: name = "policycortex",
    data = published.compact,
    signedBy = secret,
    previous,
    atMs = nowMs,
  } = sending
  const profile = profileByName(name)
  const id = profile.eventId("018d0d9a5f1b00011234567890abcdef" as Unique)
  const text = profile.envelope({
    id,
    type: "policy.violation.created",
    createdMs: nowMs,
    data,
    workspaceId: asId("ws_1"),
    engineVersion: null,
    idempotencyKey: null,
    metadata: null,
  })
  const headers = deliveryHeaders({
    profile,
    secrets: {
      current: signedBy,
      previous: previous === undefined ? null : { secret: previous, untilMs: nowMs + 1_000 },
    },
    customHeaders: {},
    eventId: id,
    eventType: "policy.violation.created",
    deliveryId: asId("dlv_1"),
    attempt: 1,
    sequence: 1,
    nowMs: atMs,
    body: text,
    test: false,
    trace: null,
    singleSignatureBy: "current",
  })
  return { headers, body: Buffer.from(text), text }
}

function look(captured: Captured, options: Partial<DiagnosisOptions> = {}) {
  return diagnose(captured, {
    secrets: [secret],
    profile: null,
    atMs: nowMs,
    toleranceSeconds: 300,
    sentBody: null,
    ...options,
  })
}

function codes(captured: Captured, options: Partial<DiagnosisOptions> = {}): string[] {
  return look(captured, options).findings.map(({ code }) => code)
}

function withHeader(captured: Captured, name: string, change: (value: string) => string | null): Captured {
  return {
    body: captured.body,
    headers: captured.headers.flatMap(([each, value]) => {
      if (each.toLowerCase() !== name.toLowerCase()) return [[each, value] as const]
      const changed = change(value)
      return changed === null ? [] : [[each, changed] as const]
    }),
  }
}

function withBody(captured: Captured, body: string | Buffer): Captured {
  return { headers: captured.headers, body: Buffer.from(body) }
}

const own = { policycortex: "X-PolicyCortex-Signature", cybervault: "X-CyberVault-Signature" } as const

describe("a request as it was sent", () => {
  it.each(profileNames)("is good, and known for one of %s", (profile) => {
    const secrets = [secret, newStandardSecret(randomBytes(32))]
    for (const signedBy of secrets) {
      const { valid, checks, findings, ...diagnosis } = look(sent({ profile, signedBy }), { secrets })
      expect({ valid, profile: diagnosis.profile, findings }).toEqual({ valid: true, profile, findings: [] })
      expect(checks.map(({ outcome }) => outcome)).toEqual(profile === "standard" ? ["valid"] : ["valid", "valid"])
    }
  })

  it("is good by the document's own header alone, with a word about recordings", () => {
    const bare = { ...sent(), headers: sent().headers.filter(([name]) => name === own.policycortex) }
    expect(look(bare)).toMatchObject({
      valid: true,
      findings: [{ code: "standard_headers_missing", weight: "note" }],
    })
  })

  it("is accepted exactly when the client's own check accepts it", async () => {
    const verify = { policycortex: verifyPolicyCortex, cybervault: verifyCyberVault, standard: verifyStandard }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...profileNames),
        fc.constantFrom(...profileNames),
        fc.constantFrom(secret, "another-secret"),
        fc.integer({ min: -900, max: 900 }),
        fc.option(fc.nat(400), { nil: null }),
        fc.option(fc.constantFrom("webhook-id", "webhook-timestamp", "webhook-signature"), { nil: null }),
        async (sentAs, readAs, given, ageSeconds, flipped, altered) => {
          const original = sent({ profile: sentAs, atMs: nowMs - ageSeconds * 1_000 })
          const body = Buffer.from(original.body)
          if (flipped !== null && flipped < body.length) body[flipped] = (body[flipped] ?? 0) ^ 1
          const tampered = withBody(original, body)
          const captured = altered === null ? tampered : withHeader(tampered, altered, (value) => `${value}0`)
          const accepted = await verify[readAs](
            { body: captured.body, headers: new Headers(captured.headers.map(([name, value]) => [name, value])) },
            { secret: given, nowMs },
          ).then(
            () => true,
            () => false,
          )
          const diagnosis = look(captured, { profile: readAs, secrets: [given] })
          expect(diagnosis.valid, JSON.stringify(diagnosis)).toBe(accepted)
          // And never without a word about why not.
          expect(diagnosis.findings.some(({ weight }) => weight === "problem")).toBe(!accepted)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe("a body that was changed on the way", () => {
  const reserialised = (text: string) => JSON.stringify(JSON.parse(text))
  const php = (text: string) =>
    text
      .replaceAll("/", "\\/")
      .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
  const asciiOnly = (text: string) =>
    text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
  const noNumbers = '{"note":"Zürich </b> a/b","tags":["a"],"count":3}'

  const cases: [story: string, data: string, change: (text: string) => string | Buffer, because: BodyChange[]][] = [
    ["a line's end was added", published.compact, (text) => `${text}\n`, ["newline_added"]],
    ["a CR LF was added", published.compact, (text) => `${text}\r\n`, ["newline_added"]],
    ["a byte order mark was put in front", published.compact, (text) => `\ufeff${text}`, ["bom_added"]],
    [
      "git or an editor turned its lines to CR LF",
      published.indented,
      (text) => text.replaceAll("\n", "\r\n"),
      ["crlf"],
    ],
    [
      "CR LF was turned to LF",
      published.indented.replaceAll("\n", "\r\n"),
      (text) => text.replaceAll("\r\n", "\n"),
      ["lf"],
    ],
    ["it was indented", noNumbers, (text) => JSON.stringify(JSON.parse(text), null, 2), ["whitespace_added"]],
    [
      "it was indented by tabs",
      noNumbers,
      (text) => JSON.stringify(JSON.parse(text), null, "\t"),
      ["whitespace_added"],
    ],
    [
      "Python wrote it again",
      noNumbers,
      (text) => text.replace(/(?<=["\]])([,:])(?=["[{\d])/g, "$1 "),
      ["whitespace_added"],
    ],
    [
      "Express parsed it, and what Python had published lost its spaces",
      '{"note": "a", "tags": ["x", "y"]}',
      reserialised,
      ["whitespace_removed"],
    ],
    [
      "Express parsed it, and indented data lost its lines",
      '{\n  "note": "a",\n  "tags": [\n    "x"\n  ]\n}',
      reserialised,
      ["whitespace_removed"],
    ],
    ["it was written with \\u escapes", noNumbers, asciiOnly, ["escaped"]],
    ["PHP wrote it again", '{"path":"a/b"}', (text) => text.replaceAll("/", "\\/"), ["escaped_slashes"]],
    ["PHP wrote it again, umlauts too", noNumbers, php, ["escaped"]],
    [
      "Go escaped its tags",
      noNumbers,
      (text) => text.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e"),
      ["escaped"],
    ],
    ["escapes were written as characters", '{"note":"Z\\u00fcrich"}', reserialised, ["unescaped"]],
    ["it was written once more as a string", published.compact, (text) => JSON.stringify(text), ["json_in_string"]],
    ["it was taken for Latin-1", published.compact, (text) => Buffer.from(text).toString("latin1"), ["wrong_charset"]],
    [
      "it was indented and saved",
      noNumbers,
      (text) => `${JSON.stringify(JSON.parse(text), null, 4)}\n`,
      ["whitespace_added"],
    ],
  ]

  for (const profile of profileNames) {
    it.each(cases)(`${profile}: %s`, (_story, data, change, because) => {
      const original = sent({ profile, data })
      const changed = withBody(original, change(original.text))
      expect(changed.body.equals(original.body), "the case changes nothing").toBe(false)
      const { valid, findings } = look(changed)
      expect(valid).toBe(false)
      expect(findings.filter(({ code }) => code !== "id_mismatch")).toMatchObject([
        { code: "body_reserialised", certain: true },
      ])
      const details = findings.flatMap((each) => each.details)
      expect(details).toEqual(changeDetails(because))
    })
  }

  it("is told from the server's own copy, with the place", () => {
    const original = sent()
    const changed = withBody(original, original.text.replace("viol_1", "viol_2"))
    expect(look(changed, { sentBody: original.text }).findings).toMatchObject([
      { code: "body_changed", certain: true, details: [expect.stringMatching(/at character 145: sent "1/)] },
    ])
    expect(codes(withBody(original, original.text), { secrets: ["another-secret"], sentBody: original.text })).toEqual([
      "wrong_secret",
    ])
  })

  it("is known by its length, its frame, its end", () => {
    const original = sent()
    const length = (bytes: number): Captured => ({
      ...original,
      headers: [...original.headers, ["Content-Length", String(bytes)]],
    })
    const cut = original.body.subarray(0, 40)
    expect(codes({ ...length(original.body.length), body: cut })).toContain("body_truncated")
    expect(codes({ ...length(40), body: Buffer.from(`${original.text} x`) })).toContain("body_longer")
    expect(codes(withBody(original, ""))).toEqual(["body_empty"])
    expect(codes(withBody(original, cut))).toContain("body_changed")
    const reordered = JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(original.text)).reverse()))
    expect(codes(withBody(original, reordered))).toEqual(["body_changed"])
    expect(codes(withBody(original, Buffer.from([0xff, 0xfe, 0x00])))).toContain("body_changed")
  })

  it("is explained for whatever data, if nothing but its layout changed", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(...profileNames),
        fc.constantFrom<((text: string) => string)[]>(
          (text) => `${text}\n`,
          (text) => `\ufeff${text}`,
          (text) => JSON.stringify(text),
        ),
        (data, profile, change) => {
          const original = sent({ profile, data: JSON.stringify(data) })
          expect(codes(withBody(original, change(original.text)))).toEqual(["body_reserialised"])
        },
      ),
      { numRuns: 100 },
    )
  })

  it("does not keep anyone waiting, however large it is", () => {
    const data = JSON.stringify({ list: Array.from({ length: 9_000 }, (_, at) => ({ name: `é${at}/`, value: at })) })
    const original = sent({ data })
    expect(original.body.length).toBeGreaterThan(256 * 1024)
    const startedMs = performance.now()
    expect(codes(withBody(original, original.text.replace("é0", "e0")))).toEqual(["wrong_secret"])
    expect(performance.now() - startedMs).toBeLessThan(20_000)
  })
})

describe("a secret that is wrong", () => {
  it.each(profileNames)("%s: is told apart from a changed body", (profile) => {
    expect(look(sent({ profile }), { secrets: ["another-secret"] }).findings).toMatchObject([
      { code: "wrong_secret", certain: false, details: [expect.stringContaining("--compare")] },
    ])
  })

  it.each([
    ["a line's end", `${secret}\n`],
    ["spaces", ` ${secret} `],
    ["quotes", `"${secret}"`],
    ["a zero-width space", `${secret}\u200b`],
  ])("holds %s that does not belong to it", (_what, given) => {
    expect(codes(sent(), { secrets: [given] })).toEqual(["secret_with_extras"])
  })

  it("lacks its whsec_, or has one too many", () => {
    const whole = newStandardSecret(randomBytes(32))
    expect(codes(sent({ signedBy: whole }), { secrets: [whole.slice("whsec_".length)] })).toEqual(["secret_prefix"])
    expect(codes(sent(), { secrets: [`whsec_${secret}`] })).toContain("secret_unusable")
  })

  it("is the one from before a rotation", () => {
    const rotated = sent({ signedBy: "the-new-secret", previous: secret })
    expect(codes(rotated)).toEqual(["old_secret"])
    expect(look(rotated, { secrets: ["the-new-secret"] }).valid).toBe(true)
    expect(look(rotated, { secrets: [secret, "the-new-secret"] }).valid).toBe(true)
  })
})

describe("headers that are wrong", () => {
  it.each(["policycortex", "cybervault"] as const)("%s: without the document's own", (profile) => {
    expect(look(withHeader(sent({ profile }), own[profile], () => null)).findings).toMatchObject([
      { code: "header_missing", header: own[profile] },
    ])
  })

  it.each(["webhook-id", "webhook-timestamp", "webhook-signature"])("without %s", (name) => {
    for (const profile of profileNames) {
      const { valid, findings } = look(withHeader(sent({ profile }), name, () => null))
      expect(valid).toBe(false)
      expect(findings).toMatchObject([{ code: "header_missing", header: name }])
    }
  })

  it("with the prefix cut off, or one that the profile does not have", () => {
    expect(codes(withHeader(sent(), own.policycortex, (value) => value.replace("sha256=", "")))).toEqual([
      "prefix_missing",
    ])
    const cybervault = sent({ profile: "cybervault" })
    expect(codes(withHeader(cybervault, own.cybervault, (value) => `sha256=${value}`))).toEqual(["prefix_unexpected"])
  })

  it("in base64 in place of hex, in hex in place of base64, in capital letters", () => {
    const base64 = (value: string) => `sha256=${Buffer.from(value.slice("sha256=".length), "hex").toString("base64")}`
    expect(codes(withHeader(sent(), own.policycortex, base64))).toEqual(["wrong_encoding"])
    const hex = (value: string) => Buffer.from(value.slice("v1,".length), "base64").toString("hex")
    expect(codes(withHeader(sent(), "webhook-signature", hex))).toEqual(["wrong_encoding"])
    const capital = (value: string) => `sha256=${value.slice("sha256=".length).toUpperCase()}`
    expect(look(withHeader(sent(), own.policycortex, capital))).toMatchObject({
      valid: true,
      findings: [{ code: "upper_case_hex", weight: "note" }],
    })
  })

  it("of another profile", () => {
    expect(codes(sent({ profile: "cybervault" }), { profile: "policycortex" })).toContain("other_profile")
    expect(codes(sent({ profile: "policycortex" }), { profile: "cybervault" })).toContain("other_profile")
    // What verifies as plain Standard Webhooks does so in each profile; the envelope tells.
    expect(codes(sent({ profile: "cybervault" }), { profile: "standard" })).toEqual(["not_an_envelope"])
  })

  it("cut, or merged from two", () => {
    expect(codes(withHeader(sent(), own.policycortex, (value) => value.slice(0, 40)))).toEqual(["signature_malformed"])
    expect(codes(withHeader(sent(), own.policycortex, (value) => `${value}, ${value}`))).toEqual(["header_repeated"])
    expect(codes(withHeader(sent(), "webhook-signature", () => "v1,"))).toEqual(["signature_malformed"])
  })

  it("of another request than the body", () => {
    const other = withHeader(sent(), "webhook-id", () => "evt_other")
    expect(codes(other)).toEqual(["signed_headers_changed"])
    expect(codes(withBody(sent(), sent({ data: "{}" }).text.replace('"evt_01', '"evt_02')))).toContain("id_mismatch")
  })
})

describe("the clock", () => {
  it("finds what was signed too long ago, or in the future", () => {
    expect(look(sent({ atMs: nowMs - 301_000 })).findings).toMatchObject([
      { code: "timestamp_stale", details: ["301 s; 300 s are allowed"] },
    ])
    expect(codes(sent({ atMs: nowMs + 400_000 }))).toEqual(["timestamp_in_future"])
    expect(look(sent({ atMs: nowMs - 299_000 })).valid).toBe(true)
    expect(look(sent({ atMs: nowMs - 86_400_000 }), { atMs: nowMs - 86_400_000 }).valid).toBe(true)
  })

  it("finds milliseconds in place of seconds, and what is no number", () => {
    const inMilliseconds = withHeader(sent(), "webhook-timestamp", (value) => `${value}000`)
    expect(codes(inMilliseconds)).toEqual(["timestamp_in_milliseconds", "signed_headers_changed"])
    expect(codes(withHeader(sent(), "webhook-timestamp", () => "yesterday"))).toContain("timestamp_malformed")
  })
})

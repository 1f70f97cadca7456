import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { secretRefusal } from "../../src/profiles/secret-rule.ts"
import { newStandardSecret } from "../../src/profiles/signing.ts"

describe("secretRefusal", () => {
  const printable = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code))
  const typed = (minLength: number, maxLength: number) =>
    fc.string({ unit: printable, minLength, maxLength, size: "max" }).filter((text) => !text.startsWith("whsec_"))
  const keyed = (minLength: number, maxLength: number) =>
    fc
      .uint8Array({ minLength, maxLength, size: "max" })
      .map((bytes) => `whsec_${Buffer.from(bytes).toString("base64")}`)

  it.each([
    "your-webhook-secret",
    "12345678",
    "pass phrase with spaces",
    "schlüssel-🔑🔑",
    "x".repeat(256),
    "🔑".repeat(256),
  ])("takes %s", (secret) => {
    expect(secretRefusal(secret)).toBeNull()
  })

  it.each([
    ["too short", "1234567", /7 characters/],
    ["empty", "", /0 characters/],
    ["too long", "x".repeat(257), /257 characters/],
    ["short in characters, not in code units", "🔑🔑🔑🔑", /4 characters/],
    ["with a line end", "secret-secret\n", /printed/],
    ["with a null", "secret\0secret", /printed/],
    ["with a zero-width space", "secret\u200bsecret", /printed/],
    ["with half a surrogate pair", "secret\ud83dsecret", /printed/],
    ["whsec_ of 23 bytes", `whsec_${Buffer.alloc(23).toString("base64")}`, /23 bytes/],
    ["whsec_ of 65 bytes", `whsec_${Buffer.alloc(65).toString("base64")}`, /65 bytes/],
    ["whsec_ and nothing", "whsec_", /6 characters/],
    ["whsec_ without padding", `whsec_${Buffer.alloc(32).toString("base64").replace("=", "")}`, /base64/],
    ["whsec_ in the URL alphabet", `whsec_${Buffer.alloc(32, 0xff).toString("base64url")}=`, /base64/],
    ["whsec_ with a stray sign", `whsec_${"A".repeat(31)}!`, /base64/],
  ])("refuses one %s", (_what, secret, because) => {
    expect(secretRefusal(secret)).toMatch(because)
  })

  it("takes any printable text of the right length", () => {
    fc.assert(fc.property(typed(8, 256), (secret) => secretRefusal(secret) === null))
  })

  it("refuses any other length, without repeating the secret", () => {
    fc.assert(fc.property(typed(257, 400), (secret) => secretRefusal(secret)?.includes(secret) === false))
    fc.assert(fc.property(typed(0, 7), (secret) => secretRefusal(secret) !== null))
  })

  it("refuses a control character anywhere", () => {
    const control = fc.integer({ min: 0, max: 0x1f }).map((code) => String.fromCharCode(code))
    fc.assert(
      fc.property(typed(8, 100), control, typed(8, 100), (before, bad, after) => {
        return secretRefusal(before + bad + after) !== null
      }),
    )
  })

  it("takes whsec_ with any 24 to 64 bytes, and with no others", () => {
    fc.assert(fc.property(keyed(24, 64), (secret) => secretRefusal(secret) === null))
    fc.assert(fc.property(keyed(2, 23), (secret) => secretRefusal(secret) !== null))
    fc.assert(fc.property(keyed(65, 180), (secret) => secretRefusal(secret) !== null))
  })

  it("takes every secret that we generate", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (random) => {
        const secret = newStandardSecret(random)
        return secretRefusal(secret) === null && secret.length === "whsec_".length + 44
      }),
    )
  })
})

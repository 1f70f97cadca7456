import { createDecipheriv, randomBytes } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { KeyRing } from "../../src/secrets/key-ring.ts"
import { SealBroken, sealerFor } from "../../src/secrets/sealing.ts"

test("what is sealed opens again, looks different each time and does not show what it holds", () => {
  const sealer = sealerFor(randomBytes(32))
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 4 }), (clear) => {
      const [one, other] = [sealer.seal(clear), sealer.seal(clear)]
      expect(sealer.open(one)).toBe(clear)
      expect(one).not.toBe(other)
      expect(one).not.toContain(clear)
    }),
  )
})

test("another key, an altered record and an altered key id are refused", () => {
  const sealer = sealerFor(randomBytes(32))
  const sealed = sealer.seal("a-shared-secret")
  expect(() => sealerFor(randomBytes(32)).open(sealed)).toThrow(SealBroken)
  const dot = sealed.indexOf(".")
  for (const at of [dot + 1, dot + 20, sealed.length - 2]) {
    const flipped = sealed[at] === "A" ? "B" : "A"
    expect(() => sealer.open(sealed.slice(0, at) + flipped + sealed.slice(at + 1))).toThrow(SealBroken)
  }
  expect(() => sealer.open("")).toThrow(SealBroken)
  expect(() => sealer.open("nonsense")).toThrow(SealBroken)
})

test("a record is AES-256-GCM as others know it, with a nonce of its own and the key's id authenticated", () => {
  const key = randomBytes(32)
  const sealer = sealerFor(key)
  const nonces = new Set<string>()
  for (let n = 0; n < 100; n++) {
    const [id = "", record = ""] = sealer.seal("a-shared-secret").split(".")
    const bytes = Buffer.from(record, "base64url")
    nonces.add(bytes.subarray(0, 12).toString("hex"))
    const opened = (authenticated: string) => {
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12)).setAAD(Buffer.from(authenticated))
      decipher.setAuthTag(bytes.subarray(-16))
      return decipher.update(bytes.subarray(12, -16), undefined, "utf8") + decipher.final("utf8")
    }
    expect(opened(id)).toBe("a-shared-secret")
    expect(() => opened("")).toThrow()
  }
  expect(nonces.size).toBe(100)
})

test("a retired key opens what it sealed; the new one seals", () => {
  const [old, now] = [randomBytes(32), randomBytes(32)]
  const sealed = sealerFor(old).seal("a-shared-secret")
  const sealer = sealerFor(now, [old])
  expect(sealer.open(sealed)).toBe("a-shared-secret")
  expect(sealer.seal("x").startsWith(sealer.keyId)).toBe(true)
  expect(sealer.keyId).not.toBe(sealerFor(old).keyId)
})

test("a key ring seals with the key it was given last, and opens what any of them sealed", () => {
  const [first, second, third] = [randomBytes(32), randomBytes(32), randomBytes(32)]
  const ring = new KeyRing([first])
  const sealed = [ring.seal("one")]
  for (const key of [second, third]) {
    ring.replace(key)
    sealed.push(ring.seal("one"))
  }
  expect(sealed.map((each) => ring.open(each))).toEqual(["one", "one", "one"])
  expect(sealed.map((each) => ring.isPresent(each))).toEqual([false, false, true])
  expect(sealerFor(third).open(sealed[2] ?? "")).toBe("one")
  expect(() => sealerFor(third).open(sealed[0] ?? "")).toThrow(SealBroken)
})

test("what is sealed for a purpose opens for that one alone, and not after the key has changed", () => {
  const ring = new KeyRing([randomBytes(32), randomBytes(32)])
  const [sessions, others] = [ring.derived("sessions"), ring.derived("others")]
  const sealed = sessions.seal("one")
  expect(sessions.open(sealed)).toBe("one")
  expect(ring.derived("sessions").open(sealed)).toBe("one")
  for (const stranger of [others, ring]) expect(() => stranger.open(sealed)).toThrow(SealBroken)
  ring.replace(randomBytes(32))
  expect(() => sessions.open(sealed)).toThrow(SealBroken)
  expect(sessions.open(sessions.seal("two"))).toBe("two")
})

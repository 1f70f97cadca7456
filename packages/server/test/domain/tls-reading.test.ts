import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { readTls } from "../../src/domain/tls-reading.ts"
import { alteredRsa, certificateOf, looseDsa, looseRsa, mixedEc, oddNumber, pem } from "../made-keys.ts"

const fixture = (file: string) => readFileSync(new URL(`../fixtures/tls/${file}`, import.meta.url), "utf8")
const [certificate, clientKey] = [fixture("client.crt"), fixture("client.key")]

const pkcs8 = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString()
const rsa2048 = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey

/** Which members are at fault, and with what. */
function flaws(client: { certificate: string; key: string } | null, authority: string | null = null) {
  const reading = readTls({ client, authority })
  return reading.ok ? [] : reading.flaws.map(({ of, detail }) => `${of} ${detail}`)
}

const kinds = "RSA of 2048 to 4096 bits with exponent 65537, EC on P-256, P-384 or P-521, Ed25519 or Ed448"
const otherKey = `client_key must be one private key in PEM, without a passphrase: ${kinds}`
const otherCertificate = (number: number) => `must have keys of these kinds: ${kinds}; number ${number} has another`
const damaged = "client_key is damaged: its numbers do not belong together"

describe("a client's certificate and key are taken", () => {
  const pair = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).privateKey
  const kept: readonly (readonly [string, () => KeyObject])[] = [
    ["RSA of 2048 bits", () => rsa2048],
    ["RSA of 4096 bits", () => generateKeyPairSync("rsa", { modulusLength: 4096 }).privateKey],
    ["P-256", () => pair("P-256")],
    ["P-384", () => pair("P-384")],
    ["P-521", () => pair("P-521")],
    ["Ed25519", () => generateKeyPairSync("ed25519").privateKey],
    ["Ed448", () => generateKeyPairSync("ed448").privateKey],
  ]
  test.each(kept)("%s", (_kind, make) => {
    const key = make()
    expect(flaws({ certificate: certificateOf(key), key: pkcs8(key) })).toEqual([])
    expect(flaws(null, certificateOf(key))).toEqual([])
  })

  test("in the older forms of PEM, with what tools write around them", () => {
    const rsa = rsa2048.export({ type: "pkcs1", format: "pem" }).toString()
    expect(flaws({ certificate: certificateOf(rsa2048), key: `Bag Attributes\n${rsa}` })).toEqual([])
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey
    const sec1 = ec.export({ type: "sec1", format: "pem" }).toString()
    expect(flaws({ certificate: certificateOf(ec), key: sec1.replaceAll("\n", "\r\n") })).toEqual([])
  })
})

describe("keys of other kinds and sizes are refused, in the key and in every certificate", () => {
  const others: readonly (readonly [string, () => KeyObject])[] = [
    ["RSA of 1024 bits", () => generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey],
    ["RSA of 4104 bits", () => generateKeyPairSync("rsa", { modulusLength: 4104 }).privateKey],
    [
      "RSA with another exponent",
      () => generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }).privateKey,
    ],
    ["RSASSA-PSS", () => generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey],
    ["DSA", () => generateKeyPairSync("dsa", { modulusLength: 2048, divisorLength: 256 }).privateKey],
    ["another curve", () => generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey],
  ]
  test.each(others)("%s", (_kind, make) => {
    const key = make()
    const made = certificateOf(key)
    expect(flaws({ certificate: made, key: pkcs8(key) })).toEqual([
      `client_certificate ${otherCertificate(1)}`,
      otherKey,
    ])
    expect(flaws({ certificate: certificate + made, key: clientKey })).toEqual([
      `client_certificate ${otherCertificate(2)}`,
    ])
    expect(flaws(null, made)).toEqual([`authority ${otherCertificate(1)}`])
  })

  test("what would take half a minute to read or to sign with is refused at once", () => {
    const began = performance.now()
    const { certificate: huge, key } = looseRsa(40_960)
    expect(flaws({ certificate: huge, key })).toEqual([`client_certificate ${otherCertificate(1)}`, otherKey])
    const dsa = looseDsa(40_000)
    // OpenSSL reads it under any of these names.
    for (const label of ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"])
      expect(flaws({ certificate, key: pem(label, dsa) })).toEqual([otherKey])
    // And takes what stands before an empty line for a header, though it looks like the beginning of an RSA key.
    const hidden = pem("PRIVATE KEY", dsa).replace("KEY-----\n", "KEY-----\nMBACAQAC\n\n")
    expect(flaws({ certificate, key: hidden })).toEqual([otherKey])
    expect(flaws({ certificate, key: `-----BEGIN PRIVATE KEY-----${" ".repeat(32_000)}` })).toEqual([otherKey])
    expect(performance.now() - began).toBeLessThan(3_000)
  })
})

describe("a key whose numbers do not belong together is refused", () => {
  const made = certificateOf(rsa2048)
  test("RSA with other factors, with which OpenSSL signs rightly but ten times as long", () => {
    const key = alteredRsa(rsa2048, { p: oddNumber(1024), q: oddNumber(1024) })
    expect(flaws({ certificate: made, key })).toEqual([damaged])
  })

  test.each(["d", "p", "q", "dp", "dq", "qi"] as const)("RSA with another %s, or none", (part) => {
    for (const other of [oddNumber(1024), oddNumber(4096), Buffer.from([0]), Buffer.from([1])])
      expect(flaws({ certificate: made, key: alteredRsa(rsa2048, { [part]: other }) })).toHaveLength(1)
  })

  test("EC whose secret is not that of its public point", () => {
    expect(flaws(mixedEc())).toEqual([damaged])
  })

  test("and so is one that is not its certificate's", () => {
    expect(flaws({ certificate: made, key: clientKey })).toEqual([
      "client_key does not belong to the first certificate of client_certificate",
    ])
  })
})

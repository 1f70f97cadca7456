import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto"

/** Keys and certificates that no tool makes, written byte by byte. */

export function pem(label: string, der: Buffer): string {
  const lines = der.toString("base64").replace(/.{64}(?=.)/g, "$&\n")
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}

/** A certificate that nobody signed: enough for whom it only tells a key. */
export function certificateOf(key: KeyObject): string {
  return certificateWith(createPublicKey(key).export({ type: "spki", format: "der" }))
}

/** RSA whose modulus is any odd number: as costly to sign with as a true one, and made at once. */
export function looseRsa(bits: number): { readonly key: string; readonly certificate: string } {
  const modulus = oddNumber(bits)
  const exponent = Buffer.from([1, 0, 1])
  const [d, p, q, small] = [oddNumber(bits - 8), oddNumber(bits / 2), oddNumber(bits / 2), Buffer.from([3])]
  const numbers = [Buffer.from([0]), modulus, exponent, d, p, q, small, small, small]
  const spki = sequence(rsa, bitString(sequence(integer(modulus), integer(exponent))))
  return { key: pem("RSA PRIVATE KEY", sequence(...numbers.map(integer))), certificate: certificateWith(spki) }
}

/** A DSA key without its public half, in PKCS#8: whoever reads it computes that. */
export function looseDsa(bits: number): Buffer {
  const parameters = sequence(integer(oddNumber(bits)), integer(oddNumber(256)), integer(Buffer.from([2])))
  const algorithm = sequence(Buffer.from("06072a8648ce380401", "hex"), parameters)
  return sequence(integer(Buffer.from([0])), algorithm, tagged(0x04, integer(oddNumber(bits))))
}

/** Parameters of DHE whose modulus is any odd number. */
export function looseDh(bits: number): string {
  return pem("DH PARAMETERS", sequence(integer(oddNumber(bits)), integer(Buffer.from([2]))))
}

type RsaPart = "n" | "e" | "d" | "p" | "q" | "dp" | "dq" | "qi"

/** A true RSA key some of whose numbers are others. */
export function alteredRsa(key: KeyObject, altered: Partial<Record<RsaPart, Buffer>>): string {
  const jwk = key.export({ format: "jwk" })
  const parts = ["n", "e", "d", "p", "q", "dp", "dq", "qi"] as const
  const numbers = parts.map((part) => integer(altered[part] ?? Buffer.from(jwk[part] ?? "", "base64url")))
  return pem("RSA PRIVATE KEY", sequence(integer(Buffer.from([0])), ...numbers))
}

/** An EC key on P-256 with one's secret and another's public point. */
export function mixedEc(): { readonly key: string; readonly certificate: string } {
  const [one, other] = [0, 1].map(() => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey)
  if (one === undefined || other === undefined) throw new Error("no keys")
  const secret = Buffer.from(one.export({ format: "jwk" }).d ?? "", "base64url")
  const { x = "", y = "" } = other.export({ format: "jwk" })
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")])
  const curve = tagged(0xa0, Buffer.from("06082a8648ce3d030107", "hex"))
  const der = sequence(integer(Buffer.from([1])), tagged(0x04, secret), curve, tagged(0xa1, bitString(point)))
  return { key: pem("EC PRIVATE KEY", der), certificate: certificateOf(other) }
}

export function oddNumber(bits: number): Buffer {
  const bytes = randomBytes(bits / 8)
  bytes[0] = (bytes[0] ?? 0) | 0xc0
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 1
  return bytes
}

const rsa = sequence(Buffer.from("06092a864886f70d010101", "hex"), Buffer.from("0500", "hex"))
const rsaWithSha256 = sequence(Buffer.from("06092a864886f70d01010b", "hex"), Buffer.from("0500", "hex"))

function certificateWith(spki: Buffer): string {
  const name = sequence(
    tagged(0x31, sequence(Buffer.from("0603550403", "hex"), tagged(0x0c, Buffer.from("client.test")))),
  )
  const times = ["200101000000Z", "490101000000Z"].map((time) => tagged(0x17, Buffer.from(time)))
  const serial = integer(Buffer.from([1]))
  const told = sequence(serial, rsaWithSha256, name, sequence(...times), name, spki)
  return pem("CERTIFICATE", sequence(told, rsaWithSha256, bitString(oddNumber(2048))))
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.from([0]), bytes]))
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.from([0]), bytes)
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts)
}

/** ITU-T X.690 §8.1: a tag, the length, the content. */
function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

import { createPrivateKey, type KeyObject, sign, verify, type X509Certificate } from "node:crypto"

/** The keys that are taken, in words. */
export const keyKinds = "RSA of 2048 to 4096 bits with exponent 65537, EC on P-256, P-384 or P-521, Ed25519 or Ed448"

/** As Node calls P-256, P-384 and P-521. */
const curves: ReadonlySet<string> = new Set(["prime256v1", "secp384r1", "secp521r1"])

/** Whether a key, private or public, is of a kind and size that costs a handshake milliseconds. */
export function isTakenKey({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  switch (type) {
    case "rsa": {
      const { modulusLength: bits = 0, publicExponent } = details ?? {}
      return bits >= 2048 && bits <= 4096 && publicExponent === 65_537n
    }
    case "ec":
      return curves.has(details?.namedCurve ?? "")
    case "ed25519":
    case "ed448":
      return true
    default:
      return false
  }
}

/**
 * How the DER begins of RSA (PKCS#1), EC (SEC 1), and RSA, EC, Ed25519 and Ed448 in PKCS#8. Looked at before OpenSSL
 * does, whatever the PEM calls it: of a DSA key without its public half OpenSSL computes that while it reads, which
 * took 27 s for one of 40,000 bits.
 */
const der =
  /^30(?:[0-7].|81..|82....)(?:02010002|02010104|02010[01]30(?:[0-7].|81..|82....)06(?:092a864886f70d010101|072a8648ce3d0201|032b6570|032b6571))/

/** @returns null for what is not one unencrypted private key, or one of a kind that is never taken. */
export function privateKeyIn(pem: string): KeyObject | null {
  const blocks = pem.match(/-----BEGIN /g) ?? []
  const [, label, base64] =
    /-----BEGIN ((?:RSA |EC )?PRIVATE KEY)-----([A-Za-z0-9+/=\s]+)-----END \1-----/.exec(pem) ?? []
  if (blocks.length !== 1 || label === undefined || base64 === undefined) return null
  const bytes = Buffer.from(base64, "base64")
  if (!der.test(bytes.toString("hex", 0, 64))) return null
  try {
    // Written anew: OpenSSL takes lines before an empty one for a header, and would read another key than was looked at.
    return createPrivateKey(`-----BEGIN ${label}-----\n${lines(bytes)}\n-----END ${label}-----\n`)
  } catch {
    return null
  }
}

function lines(bytes: Buffer): string {
  return bytes.toString("base64").replace(/.{64}(?=.)/g, "$&\n")
}

/**
 * Whether a key's numbers belong together, and what it signs is verified by its certificate.
 *
 * @param key of a kind that is taken: of another, the trial alone could take half a minute.
 */
export function isWhole(key: KeyObject, certificate: X509Certificate): boolean {
  try {
    if (key.asymmetricKeyType === "rsa" && !isWholeRsa(key)) return false
    const hash = key.asymmetricKeyType?.startsWith("ed") ? null : "sha256"
    const trial = Buffer.from("trial")
    return verify(hash, trial, certificate.publicKey, sign(hash, trial, key))
  } catch {
    return false
  }
}

/**
 * RFC 8017 §3.2. With other factors OpenSSL still signs, and rightly: it notices and does without them, ten times as long.
 */
function isWholeRsa(key: KeyObject): boolean {
  const jwk = key.export({ format: "jwk" })
  const [n, e, d, p, q, dp, dq, qi] = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi].map(whole)
  if (!n || !e || !d || !p || !q || !dp || !dq || !qi) return false
  if (p < 2n || q < 2n || p * q !== n || d >= n) return false
  const [lessP, lessQ] = [p - 1n, q - 1n]
  return dp === d % lessP && dq === d % lessQ && (e * d) % lessP === 1n && (e * d) % lessQ === 1n && (qi * q) % p === 1n
}

function whole(base64url: string | undefined): bigint {
  return BigInt(`0x0${Buffer.from(base64url ?? "", "base64url").toString("hex")}`)
}

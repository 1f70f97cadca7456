import { createHmac, timingSafeEqual } from "node:crypto"

/** HMAC-SHA256 of a body in any of its readings, keyed with the secret as typed: the documents' own headers. */
export function bodyDigest(secret: string, body: Uint8Array): Buffer {
  return createHmac("sha256", secret).update(body).digest()
}

/** Standard Webhooks, "Signature scheme": over `id.timestamp.body`, keyed with what follows `whsec_`, or as typed. */
export function standardDigest(secret: string, id: string, timestamp: string, body: Uint8Array): Buffer {
  const key = secret.startsWith("whsec_") ? Buffer.from(secret.slice("whsec_".length), "base64") : secret
  return createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest()
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

export type Encoding = "hex" | "base64"

/** A signature in either of the encodings that people mix up. Null when it is no SHA-256 in any. */
export function readDigest(text: string): { readonly digest: Buffer; readonly encoding: Encoding } | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return { digest: Buffer.from(text, "hex"), encoding: "hex" }
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return { digest: Buffer.from(text, "base64"), encoding: "base64" }
  return null
}

/** The `v1` signatures in a `webhook-signature`, which a rotation makes two of. */
export function standardSignatures(header: string): readonly Buffer[] {
  return (
    header
      .split(" ")
      .filter((each) => each.startsWith("v1,"))
      .map((each) => each.slice("v1,".length))
      // Buffer reads past whatever is not base64, which a careful receiver does not.
      .filter((base64) => /^[A-Za-z0-9+/]{43}=?$/.test(base64))
      .map((base64) => Buffer.from(base64, "base64"))
  )
}

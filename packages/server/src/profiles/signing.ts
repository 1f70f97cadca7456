import { createHmac, createSecretKey, type KeyObject } from "node:crypto"

/**
 * A secret's two readings. The documents' own headers are keyed with the secret as the customer typed it, `whsec_`
 * included; Standard Webhooks keys with the bytes that stand in base64 behind `whsec_`.
 */
type SigningKeys = { readonly asTyped: KeyObject; readonly standard: KeyObject }

const standardPrefix = "whsec_"

/**
 * Measured on Node 24 over a 600-byte body: 1.9 µs with a kept KeyObject, 2.1 µs with a string key, 12 µs with a
 * Buffer, 13 µs when base64 is decoded each time. An attempt signs at least once, mostly twice.
 */
const keysBySecret = new Map<string, SigningKeys>()

// Bounds the memory, not the number of webhooks: when full it starts anew, and refilling costs 2 µs a secret.
const keysKeptMax = 20_000

function keysOf(secret: string): SigningKeys {
  const kept = keysBySecret.get(secret)
  if (kept !== undefined) return kept
  if (keysBySecret.size >= keysKeptMax) keysBySecret.clear()
  const asTyped = createSecretKey(secret, "utf8")
  const standard = secret.startsWith(standardPrefix)
    ? createSecretKey(secret.slice(standardPrefix.length), "base64")
    : asTyped
  const keys = { asTyped, standard }
  keysBySecret.set(secret, keys)
  return keys
}

/**
 * One signature of the `webhook-signature` header, `v1,<base64>`: HMAC-SHA256 over `id.timestamp.body`.
 * Spec: Standard Webhooks, "Signature scheme"; wire.md for secrets without `whsec_`, which key with their UTF-8 bytes.
 *
 * @param timestampSeconds Unix seconds, as sent in `webhook-timestamp`.
 */
export function standardSignature(secret: string, id: string, timestampSeconds: number, body: string): string {
  const signed = `${id}.${timestampSeconds}.${body}`
  return `v1,${createHmac("sha256", keysOf(secret).standard).update(signed, "utf8").digest("base64")}`
}

/** HMAC-SHA256 of the body in lower-case hex, keyed with the UTF-8 bytes of the secret as typed: what both documents verify. */
export function hexSignature(secret: string, body: string): string {
  return createHmac("sha256", keysOf(secret).asTyped).update(body, "utf8").digest("hex")
}

/** A new secret that any Standard Webhooks library takes. `random` are 32 unpredictable bytes. */
export function newStandardSecret(random: Uint8Array): string {
  return standardPrefix + Buffer.from(random.buffer, random.byteOffset, random.byteLength).toString("base64")
}

import { WebhookRefused } from "./refusal.ts"

const hmac = { name: "HMAC", hash: "SHA-256" } as const
const standardPrefix = "whsec_"

type Bytes = Uint8Array<ArrayBuffer>

/** The secret as the customer typed it, `whsec_` included: what the documents' own signature headers are keyed with. */
export function typedKey(secret: string): Bytes {
  return new TextEncoder().encode(secret)
}

/** Standard Webhooks, "Signature scheme": the bytes that stand in base64 behind `whsec_`; other secrets as typed. */
export function standardKey(secret: string): Bytes {
  if (!secret.startsWith(standardPrefix)) return typedKey(secret)
  const key = base64Bytes(secret.slice(standardPrefix.length))
  if (key === null || key.length === 0) {
    throw new WebhookRefused(
      "secret_unusable",
      "What follows whsec_ in the secret is not base64. Copy it again, whole.",
    )
  }
  return key
}

/**
 * Whether one of the signatures is by one of the keys. Web Crypto compares in constant time.
 *
 * @param signatures what could not be decoded is null, and matches nothing.
 */
export async function signedByAny(
  keys: readonly Bytes[],
  signatures: readonly (Bytes | null)[],
  signed: Bytes,
): Promise<boolean> {
  for (const bytes of keys) {
    const key = await crypto.subtle.importKey("raw", bytes, hmac, false, ["verify"])
    for (const signature of signatures) {
      if (signature !== null && (await crypto.subtle.verify(hmac, key, signature, signed))) return true
    }
  }
  return false
}

export function hexBytes(text: string): Bytes | null {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return null
  const bytes = new Uint8Array(text.length / 2)
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(at * 2, at * 2 + 2), 16)
  return bytes
}

/** Standard alphabet. @returns null for text that is not base64. */
export function base64Bytes(text: string): Bytes | null {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return null
  }
}

import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto"

/** A sealed text was made with another key, or was altered. */
export class SealBroken extends Error {
  constructor(message: string) {
    super(message)
    this.name = "SealBroken"
  }
}

/**
 * Wraps secrets for storage: AES-256-GCM with a nonce per record (NIST SP 800-38D). The key's id stands before each
 * record, so that keys can be changed while old records are still read.
 */
export type Sealer = {
  readonly keyId: string
  seal(clear: string): string
  /** @throws SealBroken */
  open(sealed: string): string
}

/** Of a key that seals. */
export const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

/**
 * @param key 32 bytes.
 * @param retired keys that only open what they once sealed.
 */
export function sealerFor(key: Buffer, retired: readonly Buffer[] = []): Sealer {
  const keyId = idOf(key)
  const keys = new Map([key, ...retired].map((each) => [idOf(each), each]))
  return {
    keyId,
    seal(clear) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv("aes-256-gcm", key, nonce)
      // The id is authenticated too: a record cannot be passed off as another key's.
      cipher.setAAD(Buffer.from(keyId))
      const text = Buffer.concat([cipher.update(clear, "utf8"), cipher.final()])
      return `${keyId}.${Buffer.concat([nonce, text, cipher.getAuthTag()]).toString("base64url")}`
    },
    open(sealed) {
      const dot = sealed.indexOf(".")
      const id = sealed.slice(0, dot)
      const found = keys.get(id)
      if (!found) throw new SealBroken(`sealed with the key ${id}, which is not among the keys given`)
      const bytes = Buffer.from(sealed.slice(dot + 1), "base64url")
      const decipher = createDecipheriv("aes-256-gcm", found, bytes.subarray(0, nonceBytes))
      decipher.setAAD(Buffer.from(id))
      decipher.setAuthTag(bytes.subarray(-tagBytes))
      try {
        return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, "utf8") + decipher.final("utf8")
      } catch {
        throw new SealBroken(`a record sealed with the key ${id} was altered`)
      }
    },
  }
}

/** Names a key without giving it away: 8 hex digits of its hash. */
function idOf(key: Buffer): string {
  return createHash("sha256").update("tocsin key id\n").update(key).digest("hex").slice(0, 8)
}

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { hashKey, mintKey } from "./api-key.ts"

/** A key file in the data directory cannot be used: the start stops with this one line. */
export class BadKeyFile extends Error {
  constructor(path: string, problem: string) {
    super(`${path} ${problem}`)
    this.name = "BadKeyFile"
  }
}

/** `keep` writes a key that was just made to its file; one that was given or read is there already. */
type Kept = { keep(): void }

export type EncryptionKey = Kept & { readonly key: Buffer }

/**
 * The key that wraps secrets, from the data directory; a new one when absent, which counts once it is kept.
 * @param random 32 unpredictable bytes.
 * @throws BadKeyFile
 */
export function encryptionKeyIn(dataDir: string, random: Uint8Array): EncryptionKey {
  const path = join(dataDir, "encryption.key")
  if (!existsSync(path)) {
    const made = Buffer.from(random)
    return { key: made, keep: () => writePrivate(path, `${made.toString("base64")}\n`) }
  }
  const key = Buffer.from(readFileSync(path, "utf8").trim(), "base64")
  if (key.length !== 32) throw new BadKeyFile(path, "does not hold 32 bytes in base64; restore it from your backup")
  return encryptionKeyGiven(key)
}

export function encryptionKeyGiven(key: Buffer): EncryptionKey {
  return { key, keep() {} }
}

/** `shown` is the key itself, once: at the start that made it. */
export type AdminKey = Kept & { readonly hash: string; readonly shown: string | null }

/**
 * The admin key's hash, from the data directory; when absent a key is made, of which only the hash is ever kept.
 * @param random 32 unpredictable bytes.
 * @throws BadKeyFile
 */
export function adminKeyIn(dataDir: string, random: Uint8Array): AdminKey {
  const path = join(dataDir, "admin-key.sha256")
  if (!existsSync(path)) {
    const minted = mintKey("ta", random)
    return { hash: minted.hash, shown: minted.key, keep: () => writePrivate(path, `${minted.hash}\n`) }
  }
  const hash = readFileSync(path, "utf8").trim()
  if (!/^[0-9a-f]{64}$/.test(hash)) {
    throw new BadKeyFile(path, "does not hold a SHA-256; delete it to have a new admin key made at the next start")
  }
  return { hash, shown: null, keep() {} }
}

export function adminKeyGiven(key: string): AdminKey {
  return { hash: hashKey(key), shown: null, keep() {} }
}

function writePrivate(path: string, text: string): void {
  mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 })
  // `wx`: two processes starting at once must not overwrite each other's key. `flush`: what is sealed with it is on the
  // disk a moment later, and worth nothing without it.
  writeFileSync(path, text, { mode: 0o600, flag: "wx", flush: true })
}

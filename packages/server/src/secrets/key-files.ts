import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { hashKey, mintKey } from "./api-key.ts"

/** A key file in the data directory cannot be used: the start stops with this one line. */
export class BadKeyFile extends Error {
  constructor(path: string, problem: string) {
    super(`${path} ${problem}`)
    this.name = "BadKeyFile"
  }
}

/** In the data directory. */
export const encryptionKeyFile = "encryption.key"
export const adminKeyFile = "admin-key.sha256"

/** `keep` writes a key that was just made to its file; one that was given or read is there already. */
type Kept = { keep(): void }

/** 32 bytes each; the first is the present one, the others only open what they once sealed. */
export type Keys = readonly [Buffer, ...Buffer[]]

export type EncryptionKeys = Kept & {
  readonly keys: Keys
  /**
   * Makes a key the present one in the file, durably; null where the keys were given.
   * @param random 32 unpredictable bytes.
   */
  readonly replace: ((random: Uint8Array) => Buffer) | null
}

/**
 * The keys that wrap secrets, from the data directory, one a line; a new one when absent, which counts once it is kept.
 * @param random 32 unpredictable bytes.
 * @throws BadKeyFile
 */
export function encryptionKeysIn(dataDir: string, random: Uint8Array): EncryptionKeys {
  const path = join(dataDir, encryptionKeyFile)
  if (!existsSync(path)) {
    const made = Buffer.from(random)
    return { keys: [made], keep: () => writePrivate(path, keyLines([made])), replace: replacerOf(path) }
  }
  return { keys: keysIn(path), keep() {}, replace: replacerOf(path) }
}

export function encryptionKeysGiven(keys: Keys): EncryptionKeys {
  return { keys, keep() {}, replace: null }
}

function replacerOf(path: string): (random: Uint8Array) => Buffer {
  return (random) => {
    const made = Buffer.from(random)
    replacePrivate(path, keyLines([made, ...keysIn(path)]))
    return made
  }
}

/** @throws BadKeyFile */
function keysIn(path: string): Keys {
  return keysOf(readFileSync(path, "utf8"), path)
}

/**
 * The keys that a key file holds.
 * @param path of the file, for the error.
 * @throws BadKeyFile
 */
export function keysOf(text: string, path: string): Keys {
  const lines = text.split("\n").filter((line) => line.trim() !== "")
  const [present, ...retired] = lines.map((line) => Buffer.from(line.trim(), "base64"))
  if (present === undefined || [present, ...retired].some(({ length }) => length !== 32)) {
    throw new BadKeyFile(path, "does not hold 32 bytes in base64 on each line; restore it from your backup")
  }
  return [present, ...retired]
}

function keyLines(keys: Keys): string {
  return keys.map((key) => `${key.toString("base64")}\n`).join("")
}

/** `shown` is the key itself, once: at the start that made it. */
export type AdminKey = Kept & { readonly hash: string; readonly shown: string | null }

/**
 * The admin key's hash, from the data directory; when absent a key is made, of which only the hash is ever kept.
 * @param random 32 unpredictable bytes.
 * @throws BadKeyFile
 */
export function adminKeyIn(dataDir: string, random: Uint8Array): AdminKey {
  const path = join(dataDir, adminKeyFile)
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

/** Whenever it is interrupted, the file is the old one or the new one, whole. */
function replacePrivate(path: string, text: string): void {
  const next = `${path}.new`
  writeFileSync(next, text, { mode: 0o600, flush: true })
  renameSync(next, path)
  // The new name is durable only once the directory is.
  const directory = openSync(join(path, ".."), "r")
  fsyncSync(directory)
  closeSync(directory)
}

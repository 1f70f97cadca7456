import { createHash } from "node:crypto"

/** A key that has just been made: the only time it is known in the clear. */
export type MintedKey = { readonly key: string; readonly hash: string; readonly prefix: string }

/** @param random 32 unpredictable bytes. */
export function mintKey(kind: "tk" | "ta", random: Uint8Array): MintedKey {
  const key = `${kind}_${Buffer.from(random).toString("base64url")}`
  return { key, hash: hashKey(key), prefix: key.slice(0, 10) }
}

/** Lookup by hash also makes the comparison independent of how much of a guess was right. */
export function hashKey(key: string): string {
  return createHash("sha256").update(key).digest("hex")
}

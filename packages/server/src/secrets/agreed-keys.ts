import type { AdminKey } from "./key-files.ts"
import type { KeyRing } from "./key-ring.ts"

/** Where the nodes of one instance agree: `claim` returns the value that counts, another node's if that was first. */
type Agreeing = {
  claim(name: string, value: string): Promise<string>
  put(name: string, value: string): Promise<void>
  withdraw(name: string, value: string): Promise<void>
}

const adminKeyName = "admin_key_sha256"
/** Under this name the nodes keep what all of them can open. */
export const encryptionKeyName = "sealed_with_encryption_key"
const knownText = "tocsin"

/** An admin key that all nodes take, with how to take it back should it never be shown. */
export type AgreedAdminKey = AdminKey & { giveBack(): Promise<void> }

/**
 * The instance's admin key. One that an operator gave counts from now on for nodes that are started without; one that was
 * made counts only if no other node has one.
 */
export async function agreeOnAdminKey(nodes: Agreeing, own: AdminKey, isGiven: boolean): Promise<AgreedAdminKey> {
  if (isGiven) {
    await nodes.put(adminKeyName, own.hash)
    return { ...own, keep() {}, giveBack: () => Promise.resolve() }
  }
  const hash = await nodes.claim(adminKeyName, own.hash)
  const isOurs = hash === own.hash && own.shown !== null
  return {
    hash,
    shown: isOurs ? own.shown : null,
    keep() {},
    giveBack: () => (isOurs ? nodes.withdraw(adminKeyName, hash) : Promise.resolve()),
  }
}

/**
 * Makes sure that this node can open what the others seal; while there is nothing sealed yet nobody would notice.
 * @throws SealBroken when it has another key.
 */
export async function agreeOnEncryptionKey(nodes: Agreeing, keyRing: KeyRing): Promise<void> {
  const sealed = await nodes.claim(encryptionKeyName, keyRing.seal(knownText))
  keyRing.open(sealed)
  if (!keyRing.isPresent(sealed)) await nodes.put(encryptionKeyName, keyRing.seal(knownText))
}

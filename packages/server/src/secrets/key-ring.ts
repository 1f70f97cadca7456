import { hkdfSync } from "node:crypto"
import { keyBytes, type Sealer, sealerFor } from "./sealing.ts"

/** The key that seals, and those that only open what they once sealed. The first can be changed while the server runs. */
export class KeyRing {
  #keys: readonly [Buffer, ...Buffer[]]
  #sealer: Sealer

  /** @param keys 32 bytes each; the first is the present one. */
  constructor(keys: readonly [Buffer, ...Buffer[]]) {
    this.#keys = keys
    this.#sealer = sealerFor(...split(keys))
  }

  get keyId(): string {
    return this.#sealer.keyId
  }

  seal(clear: string): string {
    return this.#sealer.seal(clear)
  }

  /** @throws SealBroken */
  open(sealed: string): string {
    return this.#sealer.open(sealed)
  }

  /**
   * For what is good for a while only, such as sessions: sealed with a key derived from the present one for this purpose
   * alone (RFC 5869), so that nothing sealed for another passes for it. What was sealed before a change of the key is not
   * opened any more: whoever knows the key before makes nothing with it.
   */
  derived(purpose: string): Pick<Sealer, "seal" | "open"> {
    const derive = () => ({
      key: this.#keys[0],
      sealer: sealerFor(Buffer.from(hkdfSync("sha256", this.#keys[0], "", purpose, keyBytes))),
    })
    let made = derive()
    const present = () => {
      if (made.key !== this.#keys[0]) made = derive()
      return made.sealer
    }
    return { seal: (clear) => present().seal(clear), open: (sealed) => present().open(sealed) }
  }

  /** Whether the present key sealed it. */
  isPresent(sealed: string): boolean {
    return sealed.startsWith(`${this.keyId}.`)
  }

  /** Makes a key the present one; those before it stay readable. */
  replace(key: Buffer): void {
    this.#keys = [key, ...this.#keys]
    this.#sealer = sealerFor(...split(this.#keys))
  }
}

function split([present, ...retired]: readonly [Buffer, ...Buffer[]]): [Buffer, Buffer[]] {
  return [present, retired]
}

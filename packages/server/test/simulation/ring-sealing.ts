import type { RotatingSealing } from "../../src/registry/key-rotation.ts"

/** Seals with the key of the day and opens with any, as a key ring does: what is sealed says by which. */
export class RingSealing implements RotatingSealing {
  #present = 1

  get keyId(): string {
    return `k${this.#present}`
  }

  addKey(): void {
    this.#present++
  }

  seal(clear: string): string {
    return `${this.keyId}:${clear}`
  }

  open(sealed: string): string {
    return sealed.slice(sealed.indexOf(":") + 1)
  }

  isPresent(sealed: string): boolean {
    return sealed.startsWith(`${this.keyId}:`)
  }
}

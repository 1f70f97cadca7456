import type { DatabaseSync } from "node:sqlite"
import { strideBytes, uncountedBytes } from "../../stride.ts"

/**
 * Searches bodies in a query for as long as their bytes are within a stride's. Where these end the query gives the row
 * that it came to, searched or not: whoever reads it asks `isSpent`, stops there, and goes on from that row later.
 *
 * A function in the query, because it takes one walk: to find beforehand how many rows a stride may have, a sum over a
 * window, took as long as the search itself where bodies are short.
 */
export class BodySearch {
  #leftBytes = 0
  #isSpent = false

  /** With the text to be found for its parameter. `lower` changes ASCII letters alone, on both sides. */
  readonly condition = `CASE WHEN octet_length(body) <= ${uncountedBytes} OR stride_has(octet_length(body))
    THEN instr(lower(body), lower(?)) > 0 ELSE 1 END`

  constructor(db: DatabaseSync) {
    db.function("stride_has", (bytes) => {
      if (this.#leftBytes <= 0) this.#isSpent = true
      else this.#leftBytes -= Number(bytes)
      return this.#isSpent ? 0 : 1
    })
  }

  /** To be called before each query. */
  begin(): void {
    this.#leftBytes = strideBytes
    this.#isSpent = false
  }

  get isSpent(): boolean {
    return this.#isSpent
  }
}

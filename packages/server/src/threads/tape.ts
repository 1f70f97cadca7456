/**
 * What crosses between threads, as one flat array. The structured clone behind `postMessage` costs by the object:
 * nested, a batch took three times as long to cross (bench/LOG.md).
 */
export type Tape = (string | number | null)[]

/** Reads a tape in the order in which it was written. Each method throws when something else stands there. */
export class TapeReader {
  readonly #tape: Tape
  #at = 0

  constructor(tape: Tape) {
    this.#tape = tape
  }

  ended(): boolean {
    return this.#at >= this.#tape.length
  }

  text(): string {
    const value = this.#tape[this.#at++]
    if (typeof value !== "string") throw new Error(`Expected text at ${this.#at - 1} on the tape.`)
    return value
  }

  number(): number {
    const value = this.#tape[this.#at++]
    if (typeof value !== "number") throw new Error(`Expected a number at ${this.#at - 1} on the tape.`)
    return value
  }

  textOrNull(): string | null {
    if (this.#tape[this.#at] !== null) return this.text()
    this.#at++
    return null
  }

  numberOrNull(): number | null {
    if (this.#tape[this.#at] !== null) return this.number()
    this.#at++
    return null
  }
}

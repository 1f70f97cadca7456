/** How many there are of each; what there is none of takes no memory. */
export class Counts<Key> {
  readonly #counts = new Map<Key, number>()

  of(key: Key): number {
    return this.#counts.get(key) ?? 0
  }

  more(key: Key): void {
    this.#counts.set(key, this.of(key) + 1)
  }

  /** To be called once for each `more`. */
  less(key: Key): void {
    const left = this.of(key) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }
}

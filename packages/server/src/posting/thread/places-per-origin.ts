type Origin = { underWay: number; readonly waiting: (() => Promise<void>)[] }

/**
 * How many posts to one origin are begun at a time: as many as it is given connections. Begun earlier, a post would wait
 * with its headers built, its timestamp growing old and its deadline running, and would be most of the thread's memory.
 * How many may wait is the dispatcher's to bound (`perOriginMax`).
 */
export class PlacesPerOrigin {
  readonly #max: number
  readonly #origins = new Map<string, Origin>()
  readonly #onEmptied: (() => void)[] = []
  #closed = false

  constructor(max: number) {
    this.#max = max
  }

  /** @param begin called now, or when those before it have ended; resolves when it has ended, and never rejects. */
  enter(name: string, begin: () => Promise<void>): void {
    if (this.#closed) return
    let origin = this.#origins.get(name)
    if (origin === undefined) {
      origin = { underWay: 0, waiting: [] }
      this.#origins.set(name, origin)
    }
    if (origin.underWay >= this.#max) origin.waiting.push(begin)
    else void this.#run(name, origin, begin)
  }

  /** Begins nothing more; resolves once all that has been begun has ended. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { waiting } of this.#origins.values()) waiting.length = 0
    if (this.#origins.size === 0) return
    await new Promise<void>((resolve) => this.#onEmptied.push(resolve))
  }

  async #run(name: string, origin: Origin, first: () => Promise<void>): Promise<void> {
    origin.underWay += 1
    for (let begin: typeof first | undefined = first; begin !== undefined; begin = origin.waiting.shift()) await begin()
    origin.underWay -= 1
    if (origin.underWay > 0) return
    this.#origins.delete(name)
    if (this.#origins.size === 0) for (const resolve of this.#onEmptied.splice(0)) resolve()
  }
}

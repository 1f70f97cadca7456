import { monotonicMs } from "../load/monotonic-clock.ts"

export type Sample = { readonly atSeconds: number } & Readonly<Record<string, number>>

/** Takes figures at a steady pace while something else goes on. */
export class Sampling {
  readonly samples: Sample[] = []
  readonly #startedMs = monotonicMs()
  readonly #timer: NodeJS.Timeout
  #taking: Promise<void> = Promise.resolve()

  constructor(everyMs: number, take: () => Promise<Readonly<Record<string, number>>>) {
    const once = async () => {
      const figures = await take()
      this.samples.push({ ...figures, atSeconds: (monotonicMs() - this.#startedMs) / 1_000 })
    }
    this.#timer = setInterval(() => {
      this.#taking = this.#taking.then(once)
    }, everyMs)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#taking
  }

  curve(name: string): readonly (readonly [number, number])[] {
    return this.samples.map((sample) => [sample.atSeconds, sample[name] ?? Number.NaN] as const)
  }

  /** Growth of a counter, per second. */
  rate(name: string): readonly (readonly [number, number])[] {
    return ratesOf(this.curve(name))
  }
}

/** Between each two points of a counter: its growth per second, at the later one. */
export function ratesOf(points: readonly (readonly [number, number])[]): readonly (readonly [number, number])[] {
  return points.slice(1).map(([at, count], before) => {
    const [earlier, counted] = points[before] ?? [at, count]
    return [at, at > earlier ? (count - counted) / (at - earlier) : 0] as const
  })
}

/**
 * How often attempts took how long, as counts in fixed steps: so histograms of several minutes or webhooks add up to
 * that of all, which percentiles do not.
 *
 * Flat pairs, `[step, count, step, count, …]`, steps rising: most of the 81 steps are empty, and what is stored for
 * every minute of every webhook should be small.
 */
export type LatencyHistogram = readonly number[]

export type Percentiles = { readonly p50: number; readonly p95: number; readonly p99: number }

/** Steps a doubling is divided into: what is read back is within 9.1 % (2^(1/8)) of what was measured. */
const stepsPerDoubling = 4
/** The first step is a sixteenth of a millisecond, the last 65.5 s, beyond every timeout. */
const belowOneMs = 16
const stepMax = belowOneMs + 64

/** The step that counts a duration. @param durationMs any number: what lies outside the steps is counted in the nearest. */
export function latencyStep(durationMs: number): number {
  // The logarithm of zero, and of what is no duration at all, falls into the first step.
  const step = Math.round(Math.log2(durationMs) * stepsPerDoubling) + belowOneMs
  return step > 0 ? Math.min(step, stepMax) : 0
}

/** The middle of a step, as a ratio; three digits, for more would look as if it had been measured. */
function durationAt(step: number): number {
  return Number((2 ** ((step - belowOneMs) / stepsPerDoubling)).toPrecision(3))
}

/** Adds up durations and histograms. */
export class LatencyTally {
  readonly #counts = new Map<number, number>()

  /** @param durationMs of an attempt that got a response. */
  add(durationMs: number): void {
    this.count(latencyStep(durationMs), 1)
  }

  /** @param step see `latencyStep`. */
  count(step: number, count: number): void {
    this.#counts.set(step, (this.#counts.get(step) ?? 0) + count)
  }

  merge(histogram: LatencyHistogram): this {
    for (let at = 0; at + 1 < histogram.length; at += 2) this.count(histogram[at] ?? 0, histogram[at + 1] ?? 0)
    return this
  }

  histogram(): LatencyHistogram {
    return [...this.#counts].sort(([a], [b]) => a - b).flat()
  }
}

export function mergedHistogram(histograms: Iterable<LatencyHistogram>): LatencyHistogram {
  const tally = new LatencyTally()
  for (const each of histograms) tally.merge(each)
  return tally.histogram()
}

/** In milliseconds, each the smallest step that holds its share (nearest rank); null of an empty histogram. */
export function percentiles(histogram: LatencyHistogram): Percentiles | null {
  let total = 0
  for (let at = 1; at < histogram.length; at += 2) total += histogram[at] ?? 0
  if (total === 0) return null
  const at = (share: number) => {
    let left = Math.ceil(share * total)
    for (let pair = 0; pair < histogram.length; pair += 2) {
      left -= histogram[pair + 1] ?? 0
      if (left <= 0) return durationAt(histogram[pair] ?? 0)
    }
    return durationAt(stepMax)
  }
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

/** Reads what `JSON.stringify` wrote of a histogram. @throws SyntaxError, TypeError when it is none */
export function histogramIn(text: string): LatencyHistogram {
  const value: unknown = JSON.parse(text)
  if (Array.isArray(value) && value.every((each) => Number.isSafeInteger(each))) return value
  throw new TypeError("A stored latency histogram is not a list of whole numbers.")
}

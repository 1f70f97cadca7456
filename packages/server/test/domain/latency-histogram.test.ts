import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { histogramIn, LatencyTally, mergedHistogram, percentiles } from "../../src/domain/latency-histogram.ts"

const tallied = (durations: readonly number[]) => {
  const tally = new LatencyTally()
  for (const each of durations) tally.add(each)
  return tally.histogram()
}

const durations = fc.array(fc.double({ min: 0.07, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 })

function exact(of: readonly number[], share: number): number {
  const sorted = [...of].sort((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
}

describe("a latency histogram", () => {
  it("tells percentiles within a tenth of the exact ones", () => {
    fc.assert(
      fc.property(durations, (of) => {
        const found = percentiles(tallied(of))
        for (const [share, value] of [
          [0.5, found?.p50],
          [0.95, found?.p95],
          [0.99, found?.p99],
        ] as const) {
          const ratio = (value ?? 0) / exact(of, share)
          expect(ratio).toBeGreaterThan(0.9)
          expect(ratio).toBeLessThan(1.1)
        }
      }),
    )
  })

  it("of the whole is what the histograms of its parts add up to", () => {
    fc.assert(
      fc.property(fc.array(durations, { minLength: 1, maxLength: 5 }), (parts) => {
        expect(mergedHistogram(parts.map(tallied))).toEqual(tallied(parts.flat()))
      }),
    )
  })

  it("of a quick half and a slow half has the slow half's tail, where averages of percentiles would have neither", () => {
    const quick = tallied(Array.from({ length: 900 }, () => 10))
    const slow = tallied(Array.from({ length: 100 }, () => 1_000))
    const merged = percentiles(mergedHistogram([quick, slow]))
    expect(merged?.p50).toBeCloseTo(10, -0.5)
    expect(merged?.p95).toBeGreaterThan(900)
    expect(merged?.p99).toBeLessThan(1_100)
  })

  it("counts what is no duration, or too long a one, at its ends", () => {
    expect(percentiles([])).toBeNull()
    expect(percentiles(tallied([0, -1, Number.NaN]))).toEqual({ p50: 0.0625, p95: 0.0625, p99: 0.0625 })
    expect(percentiles(tallied([Number.POSITIVE_INFINITY, 1e12]))).toEqual({ p50: 65_500, p95: 65_500, p99: 65_500 })
  })

  it("is read back as it was written, and is refused when it is something else", () => {
    const written = tallied([1, 2, 2, 400])
    expect(histogramIn(JSON.stringify(written))).toEqual(written)
    for (const text of ["{", "{}", "[1,null]", '["1",2]', "[0.5,1]"]) expect(() => histogramIn(text)).toThrow()
  })
})

import { describe, expect, it } from "vitest"
import { median, quantile, spread } from "../figures/statistics.ts"

describe("statistics", () => {
  it("takes the middle, and between two middles their mean", () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([1, 2, 3, 10])).toBe(2.5)
    expect(median([7])).toBe(7)
  })

  it("finds the value that a share of all does not pass", () => {
    const hundred = Array.from({ length: 100 }, (_, at) => 100 - at)
    expect(quantile(hundred, 0.99)).toBe(99)
    expect(quantile(hundred, 0.5)).toBe(50)
    expect(quantile(hundred, 1)).toBe(100)
    expect(quantile(hundred, 0)).toBe(1)
  })

  it("says that it knows nothing without values, and leaves what it was given as it was", () => {
    expect(median([])).toBeNaN()
    expect(quantile([], 0.5)).toBeNaN()
    const given = [3, 1, 2]
    expect(spread(given)).toEqual({ median: 2, min: 1, max: 3 })
    expect(given).toEqual([3, 1, 2])
  })
})

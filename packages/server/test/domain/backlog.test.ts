import { describe, expect, it } from "vitest"
import { type BacklogSeen, lookAtBacklog } from "../../src/domain/backlog.ts"

/** What is told at each look of a series. */
function told(...series: readonly number[]): (number | null)[] {
  let seen: BacklogSeen | null = null
  return series.map((waiting) => {
    const look = lookAtBacklog(seen, waiting)
    seen = look.seen
    return look.reached
  })
}

describe("a backlog", () => {
  it("is told of at a thousand and at each doubling, once", () => {
    expect(told(0, 999, 1_000, 1_500, 1_999, 2_000, 3_000, 9_000, 9_500)).toEqual([
      null,
      null,
      1_000,
      null,
      null,
      2_000,
      null,
      8_000,
      null,
    ])
  })

  it("that is being worked off is not told of, however large", () => {
    expect(told(50_000, 49_000, 20_000, 1_200)).toEqual([null, null, null, null])
  })

  it("that stands still is: nothing gets fewer", () => {
    expect(told(5_000, 5_000, 5_000)).toEqual([null, 4_000, null])
  })

  it("around the threshold rings once; only after it was well below, again", () => {
    expect(told(900, 1_100, 900, 1_100, 600, 1_100)).toEqual([null, 1_000, null, null, null, null])
    expect(told(900, 1_100, 499, 900, 1_100)).toEqual([null, 1_000, null, null, 1_000])
  })
})

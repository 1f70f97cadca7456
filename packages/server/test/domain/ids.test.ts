import { expect, test } from "vitest"
import { IdMint, mintedMs } from "../../src/domain/ids.ts"

const mint = () => new IdMint(() => "0123456789abcdef")

test("ids sort by the time they were minted, and by turn within a millisecond", () => {
  const ids = mint()
  const minted = [1_000, 1_000, 1_001, 1_001, 2_000].map((nowMs) => ids.next(nowMs))
  expect(minted.toSorted()).toEqual(minted)
  expect(new Set(minted).size).toBe(minted.length)
})

test("a clock that is set back by a moment does not take them back", () => {
  const ids = mint()
  const minted = [100_000, 99_000, 96_000, 100_001].map((nowMs) => ids.next(nowMs))
  expect(minted.toSorted()).toEqual(minted)
})

test("a clock that is set back by more does: an id's time is never far from its record's", () => {
  const ids = mint()
  ids.next(10_000_000)
  for (const nowMs of [6_400_000, 6_400_001, 6_399_000]) expect(mintedMs(ids.next(nowMs)) - nowMs).toBeLessThan(5_000)
})

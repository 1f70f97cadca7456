import { expect, test } from "vitest"
import { TookTooLong, withinTime } from "../../src/accept/bounded-time.ts"

test("work that ends has its result, or throws what it throws", () => {
  expect(withinTime(1_000, () => ({ n: 1 }))).toEqual({ n: 1 })
  expect(withinTime(1_000, () => undefined)).toBeUndefined()
  expect(() =>
    withinTime(1_000, () => {
      throw new RangeError("of its own")
    }),
  ).toThrow(RangeError)
})

test.each([
  [
    "a loop without end",
    () => {
      for (;;);
    },
  ],
  ["a regular expression that backtracks", () => /^(a+)+$/.test(`${"a".repeat(50)}!`)],
  ["a polynomial one", () => /a.*b.*c/.test("a".repeat(500_000))],
])("%s is ended", (_what, work) => {
  const startedMs = performance.now()
  expect(() => withinTime(50, work)).toThrow(TookTooLong)
  expect(performance.now() - startedMs).toBeLessThan(2_000)
  // And the next work is not affected.
  expect(withinTime(1_000, () => 5)).toBe(5)
})

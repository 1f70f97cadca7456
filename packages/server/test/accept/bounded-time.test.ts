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

/** Time passes, of which the thread has nothing. */
const standStill = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

test("work that stood still because others had the processor is done again", () => {
  let runs = 0
  const work = () => {
    if (++runs === 1) standStill(10_000)
    return runs
  }
  expect(withinTime(50, work)).toBe(2)
})

test("so is not work that never comes to an end for it: some tries are enough", () => {
  const startedMs = performance.now()
  expect(() => withinTime(50, () => standStill(10_000))).toThrow(TookTooLong)
  expect(performance.now() - startedMs).toBeLessThan(2_000)
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

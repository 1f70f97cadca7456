import fc from "fast-check"
import { expect, test } from "vitest"
import { TokenBucket } from "../../src/dispatch/token-bucket.ts"

test("over any stretch no more is taken than the limit allows, and what is due comes without idling", () => {
  const limit = fc.record({ requests: fc.integer({ min: 1, max: 50 }), perSeconds: fc.integer({ min: 1, max: 60 }) })
  fc.assert(
    fc.property(limit, (given) => {
      const bucket = new TokenBucket(given, 0)
      const takenAtMs: number[] = []
      let nowMs = 0
      while (takenAtMs.length < given.requests * 3) {
        nowMs = Math.max(nowMs, bucket.freeAtMs(nowMs))
        if (bucket.freeAtMs(nowMs) > nowMs) continue
        bucket.take(nowMs)
        takenAtMs.push(nowMs)
      }
      const periodMs = given.perSeconds * 1000
      expect(takenAtMs[given.requests - 1]).toBe(0)
      // After the first burst it is one per share of the period; rounding up to whole ms may only slow it down.
      expect(nowMs).toBeGreaterThanOrEqual(2 * periodMs - 1)
      expect(nowMs).toBeLessThanOrEqual(2 * periodMs + given.requests * 2 + 1)
    }),
  )
})

test("a clock set back neither gives nor takes", () => {
  const bucket = new TokenBucket({ requests: 1, perSeconds: 10 }, 100_000)
  bucket.take(100_000)
  expect(bucket.freeAtMs(50_000)).toBe(60_000)
})

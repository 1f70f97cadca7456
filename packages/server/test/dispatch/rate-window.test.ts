import fc from "fast-check"
import { expect, test } from "vitest"
import { RateWindow } from "../../src/dispatch/rate-window.ts"

const limits = fc.record({ requests: fc.integer({ min: 1, max: 200 }), perSeconds: fc.integer({ min: 1, max: 60 }) })

test("in no stretch of the period more is taken than the limit allows, whatever the pauses between", () => {
  fc.assert(
    fc.property(limits, fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 50 }), (given, pausesMs) => {
      const window = new RateWindow(given, 0)
      const takenAtMs: number[] = []
      let nowMs = 0
      for (let at = 0; takenAtMs.length < given.requests * 3; at++) {
        nowMs = Math.max(nowMs + (pausesMs[at] ?? 0), window.freeAtMs(nowMs + (pausesMs[at] ?? 0)))
        window.take(nowMs)
        takenAtMs.push(nowMs)
      }
      const periodMs = given.perSeconds * 1000
      takenAtMs.forEach((atMs, at) => {
        const later = takenAtMs[at + given.requests]
        if (later !== undefined) expect(later - atMs).toBeGreaterThanOrEqual(periodMs)
      })
    }),
  )
})

test("what is due comes without idling: a limit's worth at once, and another each period", () => {
  fc.assert(
    fc.property(limits, (given) => {
      const window = new RateWindow(given, 0)
      let nowMs = 0
      for (let taken = 0; taken < given.requests * 3; taken++) {
        nowMs = window.freeAtMs(nowMs)
        window.take(nowMs)
      }
      expect(nowMs).toBe(2 * given.perSeconds * 1000)
    }),
  )
})

test("attempts that trickle in free their places in turn, at most a part of the period later", () => {
  const window = new RateWindow({ requests: 5, perSeconds: 10 }, 0)
  for (const atMs of [0, 1_000, 2_000, 3_000, 4_000]) window.take(atMs)
  expect(window.freeAtMs(4_000)).toBe(10_000)
  window.take(10_000)
  expect(window.freeAtMs(10_000)).toBe(11_000)
  window.giveBack()
  expect(window.freeAtMs(10_000)).toBe(10_000)
})

test("a clock set back neither gives nor takes", () => {
  const window = new RateWindow({ requests: 1, perSeconds: 10 }, 100_000)
  window.take(100_000)
  expect(window.freeAtMs(50_000)).toBe(60_000)
})

test("what was begun before it was opened counts, at the latest that it can have been", () => {
  const minutes = [
    { minuteMs: 0, attempts: 2 },
    { minuteMs: 60_000, attempts: 1 },
  ]
  const opened = (underWay: number) => new RateWindow({ requests: 4, perSeconds: 90 }, 70_000, minutes, underWay)
  expect(opened(0).freeAtMs(70_000)).toBe(70_000)
  // The first minute's are free together, 90 s after its end; its present one's, after now.
  const window = opened(1)
  expect(window.freeAtMs(70_000)).toBe(149_999)
  window.take(149_999)
  window.take(149_999)
  expect(window.freeAtMs(149_999)).toBe(160_000)
})

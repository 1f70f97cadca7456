import fc from "fast-check"
import { expect, test } from "vitest"
import { RateWindow } from "../../src/dispatch/rate-window.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"

const limits = fc.record({ requests: fc.integer({ min: 1, max: 200 }), perSeconds: fc.integer({ min: 1, max: 60 }) })
/** A pause, and by how much the wall clock is set in it. */
const pauses = fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.constantFrom(0, 0, 0, 3_600_000, -3_600_000, -500))

test("in no stretch of the period more is taken than the limit allows, whatever the pauses, wherever the clock is set", async () => {
  await fc.assert(
    fc.asyncProperty(limits, fc.array(pauses, { maxLength: 50 }), async (given, passing) => {
      const clock = new VirtualClock()
      const window = new RateWindow(given, clock)
      const takenAtMs: number[] = []
      for (let at = 0; takenAtMs.length < given.requests * 3; at++) {
        const [pauseMs, setByMs] = passing[at] ?? [0, 0]
        clock.jump(setByMs)
        await clock.advance(pauseMs)
        await clock.advance(window.freeInMs())
        expect(window.freeInMs()).toBe(0)
        window.take()
        takenAtMs.push(clock.monotonic())
      }
      const periodMs = given.perSeconds * 1000
      takenAtMs.forEach((atMs, at) => {
        const later = takenAtMs[at + given.requests]
        if (later !== undefined) expect(later - atMs).toBeGreaterThanOrEqual(periodMs)
      })
    }),
  )
})

test("what is due comes without idling: a limit's worth at once, and another each period", async () => {
  await fc.assert(
    fc.asyncProperty(limits, async (given) => {
      const clock = new VirtualClock()
      const window = new RateWindow(given, clock)
      for (let taken = 0; taken < given.requests * 3; taken++) {
        await clock.advance(window.freeInMs())
        window.take()
      }
      expect(clock.monotonic()).toBe(2 * given.perSeconds * 1000)
    }),
  )
})

test("attempts that trickle in free their places in turn, at most a part of the period later", async () => {
  const clock = new VirtualClock()
  const window = new RateWindow({ requests: 5, perSeconds: 10 }, clock)
  window.take()
  for (let taken = 1; taken < 5; taken++) {
    await clock.advance(1_000)
    window.take()
  }
  expect(window.freeInMs()).toBe(6_000)
  await clock.advance(6_000)
  window.take()
  expect(window.freeInMs()).toBe(1_000)
  window.giveBack()
  expect(window.freeInMs()).toBe(0)
})

test("what was begun before it was opened counts, at the latest that it can have been", async () => {
  const opened = async (underWay: number) => {
    const clock = new VirtualClock(0)
    await clock.advance(70_000)
    const minutes = [
      { minuteMs: 0, attempts: 2 },
      { minuteMs: 60_000, attempts: 1 },
    ]
    return { clock, window: new RateWindow({ requests: 4, perSeconds: 90 }, clock, minutes, underWay) }
  }
  expect((await opened(0)).window.freeInMs()).toBe(0)
  // The first minute's are free together, 90 s after its end; its present one's, after now.
  const { clock, window } = await opened(1)
  expect(window.freeInMs()).toBe(79_999)
  await clock.advance(79_999)
  window.take()
  window.take()
  expect(window.freeInMs()).toBe(10_001)
})

test("what is stored of a time to come, for the clock was set back since, counts as begun now", () => {
  const clock = new VirtualClock(0)
  const window = new RateWindow({ requests: 1, perSeconds: 10 }, clock, [{ minuteMs: 3_600_000, attempts: 1 }])
  expect(window.freeInMs()).toBe(10_000)
})

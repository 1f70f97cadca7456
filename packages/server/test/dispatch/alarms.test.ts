import { expect, test } from "vitest"
import { Alarms } from "../../src/dispatch/alarms.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"

const hourMs = 3_600_000

/** What rings is noted with the time that has passed since the start, in ms. */
function setUp() {
  const clock = new VirtualClock()
  const rung: [name: string, atMs: number][] = []
  const note = (name: string) => rung.push([name, clock.monotonic()])
  let timers = 0
  const counted = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (delayMs: number, call: () => void) => {
      timers += 1
      return clock.after(delayMs, call)
    },
  }
  const alarms = new Alarms<{ readonly name: string; alarmAtMs: number }>({
    clock: counted,
    onAlarm: ({ name }) => note(name),
    onSetBack: () => note("set back"),
    onRung: () => {},
  })
  const sleeper = (name: string) => ({ name, alarmAtMs: Number.POSITIVE_INFINITY })
  return { clock, alarms, rung, sleeper, timers: () => timers }
}

test("each rings once, at its time; an earlier alarm takes the place of a later one", async () => {
  const { clock, alarms, rung, sleeper } = setUp()
  const [one, other] = [sleeper("one"), sleeper("other")]
  alarms.set(one, clock.now() + 500)
  alarms.set(other, clock.now() + 300)
  alarms.set(one, clock.now() + 100)
  await clock.advance(1_000)
  expect(rung).toEqual([
    ["one", 100],
    ["other", 300],
  ])
  expect(one.alarmAtMs).toBe(Number.POSITIVE_INFINITY)
})

test("one that was overtaken thousands of times is held once", async () => {
  const { clock, alarms, rung, sleeper, timers } = setUp()
  const all = Array.from({ length: 50 }, (_, number) => sleeper(String(number)))
  const latestMs = clock.now() + hourMs
  for (let earlier = 0; earlier < 200; earlier++) for (const each of all) alarms.set(each, latestMs - earlier)
  await clock.advance(hourMs)
  expect(rung).toHaveLength(50)
  expect(rung.every(([, atMs]) => atMs === hourMs - 199)).toBe(true)
  // Of 10,000 alarms: one for each time that became the earliest, and one for each look at the wall clock.
  expect(timers()).toBeLessThan(2 * (200 + hourMs / 10_000))
})

test("a wall clock that is set forward is noticed within 10 s", async () => {
  const { clock, alarms, rung, sleeper } = setUp()
  alarms.set(sleeper("one"), clock.now() + hourMs)
  await clock.advance(1_000)
  clock.jump(hourMs)
  await clock.advance(20_000)
  expect(rung).toEqual([["one", 10_000]])
})

test("one that is set back is told of, also when another timer was set before that one rang", async () => {
  const { clock, alarms, rung, sleeper } = setUp()
  const [one, other] = [sleeper("one"), sleeper("other")]
  alarms.set(one, clock.now() + 5_000)
  clock.jump(-hourMs)
  alarms.set(other, clock.now() + 1_000)
  await clock.advance(2_000)
  expect(rung).toEqual([
    ["set back", 1_000],
    ["other", 1_000],
  ])
})

test("nothing rings once they are stopped", async () => {
  const { clock, alarms, rung, sleeper } = setUp()
  alarms.set(sleeper("one"), clock.now() + 100)
  alarms.stop()
  alarms.set(sleeper("other"), clock.now() + 50)
  await clock.advance(1_000)
  expect(rung).toEqual([])
})

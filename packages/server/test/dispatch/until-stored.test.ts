import { expect, test } from "vitest"
import { untilStored } from "../../src/dispatch/until-stored.ts"
import { StoreUnavailable } from "../../src/ports/store.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"

test("a store that is away is asked again, after pauses that grow to 5 s, until it answers", async () => {
  const clock = new VirtualClock()
  const askedMs: number[] = []
  const told: [unknown, string][] = []
  const onFault = (fault: unknown, what: string) => told.push([fault, what])
  const answer = untilStored({ clock, onFault }, "asking", async () => {
    askedMs.push(clock.monotonic())
    if (clock.monotonic() < 20_000) throw new StoreUnavailable("It is away.")
    return "stored"
  })
  await clock.advance(30_000)
  expect(await answer).toBe("stored")
  expect(askedMs).toEqual([0, 100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300, 21_300])
  expect(told).toEqual(Array(9).fill([new StoreUnavailable("It is away."), "asking"]))
})

test("whatever else is wrong is not tried again", async () => {
  const clock = new VirtualClock()
  let asked = 0
  const answer = untilStored({ clock, onFault: () => {} }, "asking", async () => {
    asked += 1
    throw new Error("no such table")
  })
  await expect(answer).rejects.toThrow("no such table")
  await clock.advance(10_000)
  expect(asked).toBe(1)
})

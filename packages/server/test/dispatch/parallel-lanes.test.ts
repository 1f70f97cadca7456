import { expect, test } from "vitest"
import { type BoundedRead, Room } from "../../src/dispatch/lanes/lanes.ts"
import { ParallelLanes } from "../../src/dispatch/lanes/parallel-lanes.ts"
import { delivery } from "./waiting-delivery.ts"

/** Answers a read of fresh deliveries as a store would that still has all of `sequences` waiting. */
function answer(lanes: ParallelLanes, wanted: BoundedRead | null, sequences: readonly number[]): readonly number[] {
  if (wanted === null) throw new Error("no read was wanted")
  const { read, limit } = wanted
  const found = read.read === "fresh" ? sequences.filter((each) => each > read.afterSequence).slice(0, limit) : []
  lanes.filled(read, { rows: found.map((sequence) => delivery(sequence)), all: found.length < limit, nextDueMs: null })
  return found
}

test("with no room left, deliveries in flight do not hide those that stand behind them", () => {
  const lanes = new ParallelLanes(new Room(0))
  const waiting = [1, 2, 3]
  answer(lanes, lanes.startRead(0), waiting)
  answer(lanes, lanes.startRead(0), waiting)
  expect(lanes.take()?.sequence).toBe(1)
  // Everything buffered is dropped (the webhook was paused and resumed) while the first is still in flight.
  lanes.drop()
  const read: number[] = []
  for (let round = 0; round < 10 && !lanes.canTake(); round++) read.push(...answer(lanes, lanes.startRead(0), waiting))
  expect(lanes.take()?.sequence).toBe(2)
  expect(read).toEqual([1, 2])
})

test("what landed while a read was under way is not sent again by it", () => {
  const lanes = new ParallelLanes(new Room(100))
  answer(lanes, lanes.startRead(0), [1])
  answer(lanes, lanes.startRead(0), [1])
  const first = lanes.take()
  if (!first) throw new Error("nothing to take")
  lanes.missed()
  const wanted = lanes.startRead(0)
  lanes.ended(first)
  // The read's snapshot is from before the end.
  lanes.filled({ read: "fresh", afterSequence: 0 }, { rows: [delivery(1)], all: true, nextDueMs: null })
  expect(wanted?.read.read).toBe("fresh")
  expect(lanes.canTake()).toBe(false)
})

test.each(["before", "after"])(
  "one in flight that was asked for again is looked for once it has landed, though a read begun %s that was asked passed it over",
  (begun) => {
    const lanes = new ParallelLanes(new Room(100))
    answer(lanes, lanes.startRead(0), [1])
    answer(lanes, lanes.startRead(0), [1])
    const flying = lanes.take()
    if (!flying) throw new Error("nothing to take")
    const retries = (rows: readonly number[]) => {
      const wanted = lanes.startRead(10)
      expect(wanted?.read.read).toBe("retries")
      return () =>
        lanes.filled(
          { read: "retries", byMs: 10 },
          { rows: rows.map((one) => delivery(one)), all: true, nextDueMs: null },
        )
    }
    // What it came to is durable, its answer was lost, and a person asks for it again: it waits in the store, due now.
    lanes.wake()
    const passesOver = retries([1])
    if (begun === "before") passesOver()
    lanes.ended(flying)
    if (begun === "after") passesOver()
    expect(lanes.canTake()).toBe(false)
    answer(lanes, lanes.startRead(10), [])
    expect(lanes.wakeAtMs()).toBeLessThanOrEqual(10)
    retries([1])()
    expect(lanes.take()?.sequence).toBe(1)
  },
)

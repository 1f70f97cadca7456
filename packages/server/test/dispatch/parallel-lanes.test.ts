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

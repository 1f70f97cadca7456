import { expect, test } from "vitest"
import { KeyedLanes } from "../../src/dispatch/lanes/keyed-lanes.ts"
import { Room } from "../../src/dispatch/lanes/lanes.ts"
import { delivery } from "./waiting-delivery.ts"

test("a scan reaches the last key though new deliveries are told of all the time", () => {
  const lanes = new KeyedLanes(new Room(1_000_000))
  const keys = Array.from({ length: 900 }, (_, index) => `key-${String(index).padStart(4, "0")}`)
  const scanned = new Set<string>()
  for (let round = 0; round < 3_000 && scanned.size < keys.length; round++) {
    lanes.missed()
    const wanted = lanes.startRead(0)
    if (wanted === null) break
    const { read, limit } = wanted
    if (read.read === "keyHeads") {
      const { afterKey } = read
      const found = keys.filter((key) => afterKey === null || key > afterKey).slice(0, limit)
      for (const key of found) scanned.add(key)
      const rows = found.map((key) => delivery(keys.indexOf(key) + 1, key))
      lanes.filled(read, { rows, all: rows.length < limit, nextDueMs: null }, 0)
    } else if (read.read === "key") {
      // Each waits for a retry in an hour.
      const { laneKey } = read
      const row = { ...delivery(keys.indexOf(laneKey) + 1, laneKey), attempts: 1, dueMs: 3_600_000 }
      lanes.filled(read, { rows: [row], all: true, nextDueMs: null }, 0)
    }
  }
  expect(scanned.size).toBe(keys.length)
})

test("a delivery of a key does not overtake an earlier one that was stored elsewhere in a gap", () => {
  const lanes = new KeyedLanes(new Room(1_000_000))
  const scan = lanes.startRead(0)
  if (scan) lanes.filled(scan.read, { rows: [], all: true, nextDueMs: null }, 0)
  const first = delivery(1, "a")
  lanes.push(first, true)
  expect(lanes.take(0)).toBe(first)
  // Number 2, of the same key, was stored through another node: here the gap shows at a push of another key.
  lanes.push(delivery(3, "b"), false)
  lanes.push(delivery(4, "a"), true)
  lanes.ended(first)
  expect(lanes.take(0)).toBeNull()
  const sent: number[] = []
  for (let turn = 0; turn < 10; turn++) {
    const wanted = lanes.startRead(0)
    if (wanted?.read.read === "keyHeads") {
      const rows = [delivery(2, "a"), delivery(3, "b")]
      lanes.filled(wanted.read, { rows, all: true, nextDueMs: null }, 0)
    } else if (wanted?.read.read === "key") {
      const ofKey = wanted.read.laneKey === "a" ? [delivery(2, "a"), delivery(4, "a")] : [delivery(3, "b")]
      const rows = ofKey.filter(({ sequence }) => !sent.includes(sequence))
      lanes.filled(wanted.read, { rows, all: true, nextDueMs: null }, 0)
    }
    for (let next = lanes.take(0); next; next = lanes.take(0)) {
      sent.push(next.sequence)
      lanes.ended(next)
    }
  }
  expect(sent.filter((sequence) => sequence !== 3)).toEqual([2, 4])
  expect(sent).toContain(3)
})

/** Fills the lanes with as many keys as may wait for a retry, due at `dueMs`. */
function withWaitingKeys(count: number, dueMs: number): KeyedLanes {
  const lanes = new KeyedLanes(new Room(100_000_000))
  const scan = lanes.startRead(0)
  if (scan) lanes.filled(scan.read, { rows: [], all: true, nextDueMs: null }, 0)
  for (let number = 1; number <= count; number++) {
    const row = delivery(number, `waiting-${number}`)
    lanes.push(row, true)
    lanes.take(0)
    lanes.retried(row, dueMs)
  }
  return lanes
}

const hourMs = 3_600_000
const waitingMax = 50_000

test("a retry that is due is sent though as many keys as are remembered wait for theirs", () => {
  const lanes = withWaitingKeys(waitingMax, 20 * hourMs)
  const row = delivery(waitingMax + 1, "soon")
  lanes.push(row, true)
  expect(lanes.take(0)).toBe(row)
  // Forgotten, for there is no room to remember it.
  lanes.retried(row, 3_000)
  const stored = { ...row, attempts: 1, dueMs: 3_000 }
  let [scans, sent] = [0, 0]
  for (let nowMs = 0; nowMs <= 10 * 60_000; nowMs += 1_000) {
    for (let wanted = lanes.startRead(nowMs); wanted !== null; wanted = lanes.startRead(nowMs)) {
      if (wanted.read.read === "keyHeads") scans++
      const rows = sent > 0 ? [] : [stored]
      lanes.filled(wanted.read, { rows, all: true, nextDueMs: null }, nowMs)
    }
    const taken = lanes.take(nowMs)
    if (taken !== null) {
      sent++
      lanes.ended(taken)
    }
  }
  expect(sent).toBe(1)
  expect(scans).toBeLessThan(20)
})

test("of forgotten keys the one that is due first decides when they are looked for", () => {
  const lanes = withWaitingKeys(waitingMax, 20 * hourMs)
  for (const [number, dueMs] of [
    [waitingMax + 1, 12 * hourMs],
    [waitingMax + 2, 5_000],
  ] as const) {
    const row = delivery(number, `late-${number}`)
    lanes.push(row, true)
    lanes.take(0)
    lanes.retried(row, dueMs)
  }
  expect(lanes.wakeAtMs()).toBe(60_000)
})

test("many keys with large bodies take no more room than there is, and all are sent", () => {
  const bodyLength = 100_000
  const roomMax = 1_000_000
  const lanes = new KeyedLanes(new Room(roomMax))
  const body = "x".repeat(bodyLength)
  const waiting = new Map(
    Array.from({ length: 500 }, (_, at) => [`key-${at + 1_000}`, { ...delivery(at + 1, `key-${at + 1_000}`), body }]),
  )
  let held = 0
  let [mostHeld, mostRead] = [0, 0]
  for (let turn = 0; turn < 10_000 && waiting.size > 0; turn++) {
    for (let wanted = lanes.startRead(0); wanted !== null; wanted = lanes.startRead(0)) {
      const { read, limit } = wanted
      const after = read.read === "keyHeads" ? (read.afterKey ?? "") : ""
      const found =
        read.read === "key"
          ? [...waiting.values()].filter(({ laneKey }) => laneKey === read.laneKey)
          : [...waiting.values()].filter(({ laneKey }) => laneKey > after).slice(0, limit)
      mostRead = Math.max(mostRead, found.length * bodyLength)
      if (read.read === "key") held += found.length * bodyLength
      mostHeld = Math.max(mostHeld, held)
      lanes.filled(read, { rows: found, all: found.length < limit, nextDueMs: null }, 0)
    }
    const taken = lanes.take(0)
    if (taken === null) continue
    held -= bodyLength
    waiting.delete(taken.laneKey)
    lanes.ended(taken)
  }
  expect(waiting.size).toBe(0)
  expect(mostHeld).toBeLessThanOrEqual(roomMax + 2 * bodyLength)
  // A read brings about a megabyte, once it is known how large they are.
  expect(mostRead).toBeLessThanOrEqual(20 * bodyLength)
})

/** Reads and answers whatever is wanted, `rowsOf` each key; no more than `readsMax`. @returns the keys that were read. */
function readAll(lanes: KeyedLanes, keys: readonly string[], rowsOf: number, readsMax = 1_000): string[] {
  const read: string[] = []
  for (let wanted = lanes.startRead(0); wanted && read.length < readsMax; wanted = lanes.startRead(0)) {
    if (wanted.read.read === "keyHeads") {
      const rows = keys.map((key, at) => delivery(at + 1, key))
      lanes.filled(wanted.read, { rows, all: true, nextDueMs: null }, 0)
    } else if (wanted.read.read === "key") {
      const { laneKey } = wanted.read
      read.push(laneKey)
      const rows = Array.from({ length: rowsOf }, (_, at) => delivery(1_000 * at + keys.indexOf(laneKey) + 1, laneKey))
      lanes.filled(wanted.read, { rows, all: true, nextDueMs: null }, 0)
    }
  }
  return read
}

test("of a backlog of many keys no more is read than can soon be sent, and every key has its turn", () => {
  const lanes = new KeyedLanes(new Room(100_000_000))
  const keys = Array.from({ length: 200 }, (_, at) => `key-${String(at).padStart(3, "0")}`)
  lanes.pace(10)
  const read = new Set(readAll(lanes, keys, 5))
  expect(read.size).toBe(20)
  // The keys that were read first never run dry: a new one of theirs comes for each that is sent.
  for (let sent = 0, number = 10_000; sent < 10_000 && read.size < keys.length; sent++) {
    const next = lanes.take(0)
    if (next === null) break
    lanes.push(delivery(number++, next.laneKey), true)
    lanes.ended(next)
    for (const key of readAll(lanes, keys, 5, 1)) read.add(key)
  }
  expect(read.size).toBe(keys.length)
})

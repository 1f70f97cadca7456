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

import { expect, test } from "vitest"
import { StoreUnavailable } from "../../src/ports/store.ts"
import { faultLog } from "../../src/system/fault-log.ts"

function logging() {
  const lines: unknown[][] = []
  let nowMs = 1_000_000
  const onFault = faultLog(
    { warn: (...line: unknown[]) => lines.push(["warn", ...line]), error: (...line) => lines.push(["error", ...line]) },
    { now: () => nowMs },
  )
  return {
    lines,
    onFault,
    pass(ms: number) {
      nowMs += ms
    },
  }
}

test("of a database that is away there is a line a minute, whoever needs it", () => {
  const { lines, onFault, pass } = logging()
  const away = new StoreUnavailable("The disk that holds the database is full. Free space on it.")
  for (const what of ["recording outcomes", "reading waiting deliveries"]) onFault(away, what)
  pass(59_999)
  onFault(away, "reading waiting deliveries")
  expect(lines).toEqual([
    [
      "warn",
      "recording outcomes: The disk that holds the database is full. Free space on it. It is tried again until it can be done.",
    ],
  ])
  pass(1)
  onFault(away, "reading waiting deliveries")
  // Set back by an hour.
  pass(-3_600_000)
  onFault(away, "reading waiting deliveries")
  expect(lines).toHaveLength(3)
})

test("what was not foreseen is told each time, with all that is known of it", () => {
  const { lines, onFault } = logging()
  const fault = new Error("no such table")
  for (const what of ["one", "another"]) onFault(fault, what)
  expect(lines).toEqual([
    ["error", { err: fault }, "one"],
    ["error", { err: fault }, "another"],
  ])
})

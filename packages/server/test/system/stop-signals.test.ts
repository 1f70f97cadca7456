import { afterEach, expect, it, vi } from "vitest"
import { onStopSignals } from "../../src/system/stop-signals.ts"

afterEach(() => {
  process.removeAllListeners("SIGUSR2")
  vi.restoreAllMocks()
})

it("takes a Ctrl-C that npm passes on as the one that the terminal sent, and a later one as another", () => {
  let nowMs = 1_000
  vi.spyOn(performance, "now").mockImplementation(() => nowMs)
  const heard: string[] = []
  onStopSignals(["SIGUSR2"], { first: () => heard.push("first"), again: () => heard.push("again") })
  for (const afterMs of [0, 5, 200, 1_000]) {
    nowMs += afterMs
    process.emit("SIGUSR2", "SIGUSR2")
  }
  expect(heard).toEqual(["first", "again"])
})

/**
 * Loaded into a server before its own code: SIGUSR2 moves its wall clock to what the file named by TORTURE_CLOCK says, in
 * milliseconds from the real time. What does not go back, `performance.now()` and timers, is left alone, as when an
 * operator sets the clock.
 */
import { readFileSync } from "node:fs"
import { BroadcastChannel, isMainThread } from "node:worker_threads"

const path = process.env.TORTURE_CLOCK
const RealDate = Date
let byMs = 0

class SetDate extends RealDate {
  constructor(...given: ConstructorParameters<typeof Date> | []) {
    if (given.length === 0) super(SetDate.now())
    else super(...given)
  }
  static override now(): number {
    return RealDate.now() + byMs
  }
}

if (path !== undefined) {
  globalThis.Date = SetDate as DateConstructor
  // Signals are heard by the main thread alone; a machine's clock is the same for all.
  const threads = new BroadcastChannel("torture-clock")
  threads.unref()
  threads.onmessage = ({ data }) => {
    byMs = Number(data)
  }
  if (isMainThread)
    process.on("SIGUSR2", () => {
      byMs = Number(readFileSync(path, "utf8"))
      threads.postMessage(byMs)
    })
}

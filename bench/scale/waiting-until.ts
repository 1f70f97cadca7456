import { setTimeout as delay } from "node:timers/promises"
import { monotonicMs } from "../load/monotonic-clock.ts"

/** Asks until it is so. @throws Error naming what was waited for when it takes longer than `maxMs`. */
export async function until(what: string, isSo: () => Promise<boolean>, everyMs: number, maxMs: number): Promise<void> {
  const startedMs = monotonicMs()
  while (!(await isSo())) {
    if (monotonicMs() - startedMs > maxMs) throw new Error(`${what}: not within ${Math.round(maxMs / 1_000)} s`)
    await delay(everyMs)
  }
}

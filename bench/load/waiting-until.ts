import { setTimeout as delay } from "node:timers/promises"
import { monotonicMs } from "./monotonic-clock.ts"

/** Asks until it is so. @throws Error naming what was waited for when it takes longer than `maxMs`. */
export async function until(what: string, isSo: () => Promise<boolean>, everyMs: number, maxMs: number): Promise<void> {
  const startedMs = monotonicMs()
  while (!(await isSo())) {
    if (monotonicMs() - startedMs > maxMs) throw tooLate(what, maxMs)
    await delay(everyMs)
  }
}

/** Waits for what tells by itself. @throws Error naming it when it takes longer than `maxMs`. */
export async function within<Result>(what: string, promise: Promise<Result>, maxMs: number): Promise<Result> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(tooLate(what, maxMs)), maxMs)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** How long events may take to be delivered: at a hundred a second or fewer, one of them is lost. */
export function deliveryMaxMs(events: number): number {
  return Math.max(120_000, events * 10)
}

function tooLate(what: string, maxMs: number): Error {
  return new Error(`${what}: not within ${maxMs < 1_000 ? `${maxMs} ms` : `${Math.round(maxMs / 1_000)} s`}`)
}

import type { Clock } from "../ports/clock.ts"

// The longest delay that a Node timer keeps; a longer one would fire at once.
const timerMaxMs = 2 ** 31 - 1

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, Math.min(delayMs, timerMaxMs))
    return () => clearTimeout(timer)
  },
}

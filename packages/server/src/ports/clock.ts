/** Time as an input: the real one in production, a virtual one in simulation. */
export interface Clock {
  /** Unix milliseconds. May jump when the machine's clock is set; durations must not be taken from it. */
  now(): number
  /** Milliseconds that never go back, for durations. */
  monotonic(): number
  /** Calls once, not before `delayMs` have passed. The returned function cancels it. */
  after(delayMs: number, call: () => void): () => void
}

/** Resolves once `delayMs` have passed. */
export function pause(clock: Pick<Clock, "after">, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve)
  })
}

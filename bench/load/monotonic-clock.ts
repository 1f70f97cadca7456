/**
 * Milliseconds of CLOCK_MONOTONIC: the same clock in every process of the machine, so that a moment stamped by one can be
 * taken from a moment stamped by another. `performance.now()` counts from each process's own start.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000
}

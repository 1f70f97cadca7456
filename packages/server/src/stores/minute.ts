export const minuteMs = 60_000

/** The minute of the epoch in which a moment lies: counts are kept by it. */
export function minuteOf(atMs: number): number {
  return Math.floor(atMs / minuteMs)
}

/** How a webhook's endpoint has been doing, as stores count it. */
export type HealthCounts = {
  consecutiveFailures: number
  /** The first failure since the last success. */
  failingSinceMs: number | null
  lastSuccessMs: number | null
}

/** Counts an attempt in, which was settled at `atMs`. */
export function countAttempt(health: HealthCounts, succeeded: boolean, atMs: number): void {
  if (succeeded) {
    health.consecutiveFailures = 0
    health.failingSinceMs = null
    health.lastSuccessMs = Math.max(health.lastSuccessMs ?? 0, atMs)
  } else {
    health.consecutiveFailures += 1
    health.failingSinceMs ??= atMs
  }
}

import type { Next } from "../../../src/domain/delivery.ts"
import type { RetryConfig } from "../../../src/domain/webhook.ts"
import type { Asked } from "../receivers.ts"

/**
 * The rules of wire.md, "Retries and ordering", written a second time: shared code would be wrong on both sides.
 */
export const windowMs = 86_400_000
/** A last attempt that was due just before the window's end may start so long after it. */
export const windowGraceMs = 60_000
const jitter = 0.1

export type Failed = {
  readonly status: number | null
  /** Attempts of the present budget, this one included. */
  readonly made: number
  readonly config: RetryConfig | null
  readonly windowFromMs: number
  readonly nowMs: number
  readonly asked: Asked
}

/** @returns null when what was decided after a failure is what the rules say; else what they say. */
export function objection(failed: Failed, next: Next): string | null {
  const { config, made, nowMs, asked } = failed
  const end = failed.windowFromMs + windowMs
  const plainMs = 1000 * (config?.initialDelaySeconds ?? 5) * (config?.backoffMultiplier ?? 2) ** (made - 1)
  if (failed.status === 410) return exhausted(next, "gone")
  if (made >= (config?.maxAttempts ?? 15)) return exhausted(next, "attempts")
  if (nowMs >= end || nowMs + plainMs > end) return exhausted(next, "window")
  if (next.state !== "waiting") return `a retry is owed: attempt ${made} failed`
  const askedAtMs = asked === null ? 0 : "seconds" in asked ? nowMs + 1000 * asked.seconds : asked.atMs
  // Rounded to whole milliseconds.
  const earliestMs = Math.min(Math.max(nowMs + plainMs * (1 - jitter) - 1, askedAtMs), end)
  const latestMs = Math.min(Math.max(nowMs + plainMs * (1 + jitter) + 1, askedAtMs), end)
  if (next.dueMs >= earliestMs && next.dueMs <= latestMs) return null
  return `due ${next.dueMs - nowMs} ms after attempt ${made}, not ${earliestMs - nowMs} to ${latestMs - nowMs}`
}

function exhausted(next: Next, because: string): string | null {
  if (next.state === "exhausted" && next.because === because) return null
  return `it is to be exhausted because of ${because}`
}

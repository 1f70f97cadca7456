import type { ExhaustedBecause, FailureCode } from "./delivery.ts"
import type { DisabledReason, RetryConfig } from "./webhook.ts"

const hourMs = 3_600_000

/** Counted from acceptance; no retry starts later (wire.md, "Retries and ordering"). */
export const retryWindowMs = 24 * hourMs

/** A webhook without one success for this long is disabled. */
export const disableAfterMs = 5 * 24 * hourMs

export type RetryPolicy = {
  /** Attempts in all, the first included. */
  readonly attemptsMax: number
  readonly growth: number
  readonly firstDelayMs: number
}

/** 15 attempts, 5 s doubling: they span 22 h 45 min, just inside the window. */
export const defaultRetryPolicy: RetryPolicy = { attemptsMax: 15, growth: 2, firstDelayMs: 5_000 }

export function retryPolicy(config: RetryConfig | null): RetryPolicy {
  return {
    attemptsMax: config?.maxAttempts ?? defaultRetryPolicy.attemptsMax,
    growth: config?.backoffMultiplier ?? defaultRetryPolicy.growth,
    firstDelayMs: (config?.initialDelaySeconds ?? defaultRetryPolicy.firstDelayMs / 1000) * 1000,
  }
}

export type Failure = {
  readonly code: FailureCode
  /** What a 429 or 503 asked for, from now; null when it asked for nothing. */
  readonly retryAfterMs: number | null
}

export type AfterFailure =
  | { readonly do: "retry"; readonly dueMs: number }
  | { readonly do: "giveUp"; readonly because: ExhaustedBecause }

/** Half the width of the jitter: ±10 %. */
const jitter = 0.1

/**
 * What to do with a delivery whose attempt has just failed.
 *
 * @param made attempts made of the present budget, this one included.
 * @param windowFromMs where its retry window starts.
 * @param random from 0 to 1; an argument so that a test chooses the jitter.
 */
export function afterFailure(
  policy: RetryPolicy,
  made: number,
  failure: Failure,
  windowFromMs: number,
  nowMs: number,
  random: number,
): AfterFailure {
  if (failure.code === "gone") return { do: "giveUp", because: "gone" }
  if (made >= policy.attemptsMax) return { do: "giveUp", because: "attempts" }
  const windowEndMs = windowFromMs + retryWindowMs
  if (nowMs >= windowEndMs) return { do: "giveUp", because: "window" }
  const plainMs = policy.firstDelayMs * policy.growth ** (made - 1)
  // Without the jitter: that alone must not cost a delivery its last attempt.
  if (nowMs + plainMs > windowEndMs) return { do: "giveUp", because: "window" }
  const plannedMs = nowMs + Math.round(plainMs * (1 + jitter * (2 * random - 1)))
  // A receiver may ask for more time, never for more than the window: its last chance is then the window's end.
  const askedMs = nowMs + (failure.retryAfterMs ?? 0)
  return { do: "retry", dueMs: Math.min(Math.max(plannedMs, askedMs), windowEndMs) }
}

/**
 * Whether this failure disables the whole webhook, and why.
 *
 * @param failingSinceMs the first failure since the last success; null when this is the first.
 * @param resumedAtMs when it last began to send: days before a customer switched it on again do not count.
 */
export function disabledBy(
  code: FailureCode,
  failingSinceMs: number | null,
  resumedAtMs: number,
  nowMs: number,
): DisabledReason | null {
  if (code === "gone") return "gone"
  if (failingSinceMs !== null && nowMs - Math.max(failingSinceMs, resumedAtMs) >= disableAfterMs) return "failing"
  return null
}

/**
 * Reads `Retry-After` (RFC 9110 §10.2.3): seconds or an HTTP date.
 *
 * @returns the delay from now in ms, or null when the value is neither.
 */
export function retryAfterMs(value: string, nowMs: number): number | null {
  const text = value.trim()
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER)
  // Date.parse takes far more than HTTP dates: only the three forms of RFC 9110 §5.6.7 begin with a weekday.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return null
  // The old form of C's asctime names no zone: it is UTC like the others (RFC 9110 §5.6.7), not the server's own.
  const atMs = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`)
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs)
}

/**
 * Whether a waiting delivery is to be expired rather than sent: its window had closed when its webhook began to send
 * again. One that was merely slow to reach the head of its lane still gets its attempt.
 */
export function expiredWhileHeld(windowFromMs: number, resumedAtMs: number, nowMs: number): boolean {
  // It may have been switched on while the clock was ahead.
  return windowFromMs + retryWindowMs <= Math.min(resumedAtMs, nowMs)
}

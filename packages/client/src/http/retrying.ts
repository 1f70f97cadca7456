import { TocsinProblem, TocsinUnreachable } from "./tocsin-problem.ts"

/** How a failed request is tried again. */
export type Retrying = {
  /** Tries after the first; 4 unless told, 0 for none. */
  readonly retries: number
  /** Before the first retry; doubles with each. 250 unless told. */
  readonly firstDelayMs: number
  /** No wait grows longer by doubling; 10,000 unless told. */
  readonly longestDelayMs: number
}

export const retryingDefaults: Retrying = { retries: 4, firstDelayMs: 250, longestDelayMs: 10_000 }

/**
 * What a second request would do.
 * - `repeatable`: no more than the first: it changes nothing (RFC 9110 §9.2.1), or carries an idempotency key.
 * - `once`: perhaps twice what was wanted. Repeated only when the server says that it did nothing (429).
 */
export type Repetition = "repeatable" | "once"

export type AfterFailure = { readonly do: "retry"; readonly delayMs: number } | { readonly do: "giveUp" }

/** Waiting longer than this is not for a library to decide. */
const retryAfterMaxSeconds = 60

/** 502 and 504 are a proxy's way to say what 503 says: the server behind it is being restarted or replaced. */
const passingStatuses = [502, 503, 504]

/**
 * @param tried how many tries were made.
 * @param random from 0 to 1; spreads clients that failed together.
 */
export function afterFailure(
  retrying: Retrying,
  repetition: Repetition,
  tried: number,
  failure: unknown,
  random: number,
): AfterFailure {
  if (tried > retrying.retries || !mayPass(failure, repetition)) return { do: "giveUp" }
  const askedSeconds = failure instanceof TocsinProblem ? (failure.retryAfterSeconds ?? 0) : 0
  if (askedSeconds > retryAfterMaxSeconds) return { do: "giveUp" }
  const grownMs = Math.min(retrying.firstDelayMs * 2 ** (tried - 1), retrying.longestDelayMs)
  // Jitter lies on top of what the server asks for: it asked all of its clients for the same.
  return { do: "retry", delayMs: Math.max(grownMs / 2, askedSeconds * 1000) + (random * grownMs) / 2 }
}

function mayPass(failure: unknown, repetition: Repetition): boolean {
  if (failure instanceof TocsinUnreachable) return repetition === "repeatable"
  if (!(failure instanceof TocsinProblem)) return false
  return failure.status === 429 || (repetition === "repeatable" && passingStatuses.includes(failure.status))
}

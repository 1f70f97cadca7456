import fc from "fast-check"
import { describe, expect, it, onTestFinished, test, vi } from "vitest"
import {
  afterFailure,
  defaultRetryPolicy,
  disableAfterMs,
  disabledBy,
  expiredWhileHeld,
  retryAfterMs,
  retryPolicy,
  retryWindowMs,
} from "../../src/domain/retrying.ts"

const nowMs = Date.UTC(2026, 0, 1)
const plain = { code: "non_2xx", retryAfterMs: null } as const

test("the default schedule spans 22 h 45 min in 15 attempts", () => {
  let spanMs = 0
  for (let made = 1; made < 15; made++) {
    const next = afterFailure(defaultRetryPolicy, made, plain, nowMs, nowMs + spanMs, 0.5)
    if (next.do !== "retry") throw new Error(`gave up after ${made}`)
    spanMs = next.dueMs - nowMs
  }
  expect(spanMs).toBe(81_915_000)
  expect(afterFailure(defaultRetryPolicy, 15, plain, nowMs, nowMs + spanMs, 0.5)).toEqual({
    do: "giveUp",
    because: "attempts",
  })
})

test("jitter stays within a tenth, and no retry is due after the window or before now", () => {
  const config = fc.record({
    maxAttempts: fc.integer({ min: 1, max: 20 }),
    backoffMultiplier: fc.integer({ min: 1, max: 10 }),
    initialDelaySeconds: fc.integer({ min: 1, max: 3600 }),
  })
  const asked = fc.option(fc.integer({ min: 0, max: 10 ** 12 }))
  fc.assert(
    fc.property(
      config,
      fc.integer({ min: 1, max: 20 }),
      fc.nat(2 * retryWindowMs),
      fc.double({ min: 0, max: 1, noNaN: true }),
      asked,
      (given, made, ageMs, random, retryAfter) => {
        const policy = retryPolicy(given)
        const next = afterFailure(
          policy,
          made,
          { code: "rate_limited", retryAfterMs: retryAfter },
          nowMs - ageMs,
          nowMs,
          random,
        )
        if (next.do === "giveUp") {
          const wouldBeMs = policy.firstDelayMs * policy.growth ** (made - 1) * 1.1
          expect(made >= policy.attemptsMax || ageMs + wouldBeMs >= retryWindowMs - 1).toBe(true)
          return
        }
        const delayMs = next.dueMs - nowMs
        expect(next.dueMs).toBeLessThanOrEqual(nowMs - ageMs + retryWindowMs)
        expect(delayMs).toBeGreaterThanOrEqual(Math.floor(policy.firstDelayMs * policy.growth ** (made - 1) * 0.9))
      },
    ),
  )
})

test("a webhook is disabled by 410 at once, by failure after five days, counted anew once it is switched on again", () => {
  expect(disabledBy("gone", null, 0, nowMs)).toBe("gone")
  expect(disabledBy("timeout", null, 0, nowMs)).toBeNull()
  expect(disabledBy("timeout", nowMs - disableAfterMs + 1, 0, nowMs)).toBeNull()
  expect(disabledBy("timeout", nowMs - disableAfterMs, 0, nowMs)).toBe("failing")
  expect(disabledBy("timeout", nowMs - disableAfterMs, nowMs - 1, nowMs)).toBeNull()
})

describe("Retry-After", () => {
  it.each([
    ["120", 120_000],
    [" 0 ", 0],
    ["Thu, 01 Jan 2026 00:02:00 GMT", 120_000],
    ["Thursday, 01-Jan-26 00:02:00 GMT", 120_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["-1", null],
    ["1.5", null],
    ["2026-01-01", null],
    ["soon", null],
    ["", null],
    ["Monday", null],
    ["99999999999", 99_999_999_999_000],
  ])("%j means %j", (value, expected) => {
    expect(retryAfterMs(value, nowMs)).toBe(expected)
  })

  it("takes a date without a zone for UTC, wherever the server stands", () => {
    vi.stubEnv("TZ", "Asia/Tokyo")
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(new Date(nowMs).getTimezoneOffset()).toBe(-540)
    expect(retryAfterMs("Thu Jan  1 00:02:00 2026", nowMs)).toBe(120_000)
  })

  it("never throws, and is never negative or not a number", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const delayMs = retryAfterMs(value, nowMs)
        expect(delayMs === null || delayMs >= 0).toBe(true)
      }),
    )
  })
})

test("what is sent while a clock that was ahead has been put right does not expire for it", () => {
  const resumedAtMs = nowMs + 2 * retryWindowMs
  expect(expiredWhileHeld(nowMs, resumedAtMs, nowMs)).toBe(false)
  expect(expiredWhileHeld(nowMs - retryWindowMs, resumedAtMs, nowMs)).toBe(true)
  expect(expiredWhileHeld(nowMs - retryWindowMs, nowMs - 1, nowMs)).toBe(false)
})

import { describe, expect, it } from "vitest"
import { afterFailure, retryPolicy } from "../../server/src/domain/retrying.ts"
import { laidOut } from "../src/parts/json-text.ts"
import { retrySchedule } from "../src/webhooks/retry-schedule.ts"

describe("JSON laid out", () => {
  const text = (json: string) =>
    laidOut(json)
      .map((piece) => piece.text)
      .join("")

  it("keeps every digit, escape and the order of names, which a parser would not", () => {
    const sent = '{"z":1.0,"10":12345678901234567890,"a":"\\u00e9\\/\\"{,}","e":1E+2,"n":[],"o":{},"l":[true,null]}'
    const lines = text(sent)
    expect(lines).toContain('"z": 1.0,\n')
    expect(lines).toContain('"10": 12345678901234567890,')
    expect(lines).toContain('"a": "\\u00e9\\/\\"{,}",')
    expect(lines).toContain('"e": 1E+2,')
    expect(lines).toContain('"n": [],')
    expect(JSON.parse(lines)).toEqual(JSON.parse(sent))
  })

  it("tells names from strings", () => {
    expect(laidOut('{"a":"b"}').map(({ kind }) => kind)).toEqual(["plain", "name", "plain", "string", "plain"])
  })
})

describe("the picture of a retry schedule", () => {
  it.each([
    [{ max_attempts: 15, backoff_multiplier: 2, initial_delay_seconds: 5 }, 15],
    [{ max_attempts: 20, backoff_multiplier: 2, initial_delay_seconds: 5 }, 15],
    [{ max_attempts: 20, backoff_multiplier: 10, initial_delay_seconds: 3600 }, 3],
    [{ max_attempts: 1, backoff_multiplier: 2, initial_delay_seconds: 5 }, 1],
  ])("shows the attempts that the engine would make: %j", (config, attempts) => {
    const policy = retryPolicy({
      maxAttempts: config.max_attempts,
      backoffMultiplier: config.backoff_multiplier,
      initialDelaySeconds: config.initial_delay_seconds,
    })
    const made = [0]
    for (let atMs = 0; ; ) {
      // Jitter of a half is none.
      const next = afterFailure(policy, made.length, { code: "non_2xx", retryAfterMs: null }, 0, atMs, 0.5)
      if (next.do === "giveUp") break
      atMs = next.dueMs
      made.push(atMs)
    }
    const schedule = retrySchedule(config)
    expect(schedule.attemptsMs).toEqual(made)
    expect(schedule.attemptsMs).toHaveLength(attempts)
    expect(schedule.beyondWindow).toBe(config.max_attempts - attempts)
  })
})

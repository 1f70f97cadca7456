import { describe, expect, it } from "vitest"
import { afterFailure, retryPolicy } from "../../server/src/domain/retrying.ts"
import { type Pages, withHead } from "../src/live/with-head.ts"
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

describe("a live list that takes in its head", () => {
  type Row = { readonly id: string; readonly status?: string }
  const rows = (...ids: string[]): Row[] => ids.map((id) => ({ id }))
  const known = (...pages: { data: Row[]; next_cursor: string | null }[]): Pages<Row> => ({
    pages,
    pageParams: pages.map((_, at) => (at === 0 ? undefined : `cursor ${at}`)),
  })
  const shown = (pages: Pages<Row> | null) => pages?.pages.map(({ data }) => data.map(({ id }) => id).join(""))

  it("puts what is new on top and keeps what is older, page by page", () => {
    const before = known({ data: rows("f", "e"), next_cursor: "e" }, { data: rows("d", "c"), next_cursor: null })
    const after = withHead(before, { data: rows("g", "f"), next_cursor: "f" })
    expect(shown(after)).toEqual(["gfe", "dc"])
    expect(after?.pages.at(-1)?.next_cursor).toBeNull()
  })

  it("drops what no longer fits the filter, and shows what fits only now at its place", () => {
    const before = known({ data: rows("f", "e", "c", "b"), next_cursor: null })
    expect(shown(withHead(before, { data: rows("f", "d", "c"), next_cursor: "c" }))).toEqual(["fdcb"])
    expect(shown(withHead(before, { data: rows("d"), next_cursor: null }))).toEqual(["d"])
    expect(shown(withHead(before, { data: [], next_cursor: null }))).toEqual([""])
  })

  it("goes on past the head where nothing was known", () => {
    const after = withHead(known({ data: [], next_cursor: null }), { data: rows("c", "b"), next_cursor: "b" })
    expect(shown(after)).toEqual(["cb"])
    expect(after?.pages.at(-1)?.next_cursor).toBe("b")
  })

  it("begins again where a whole page of news leaves a gap", () => {
    const before = known({ data: rows("b", "a"), next_cursor: null })
    expect(withHead(before, { data: rows("g", "f"), next_cursor: "f" })).toBeNull()
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

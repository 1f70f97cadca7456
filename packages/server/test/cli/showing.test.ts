import { describe, expect, it } from "vitest"
import { clockCheck } from "../../src/cli/doctoring/server-checks.ts"
import { readMoment, readMomentAhead } from "../../src/cli/reading/moments.ts"
import { replayFigures } from "../../src/cli/replaying/replay.ts"
import { processTerminal } from "../../src/cli/running/terminal.ts"
import { barText } from "../../src/cli/showing/bar.ts"
import { safeLine, safeText } from "../../src/cli/showing/safe-text.ts"
import { fields, table } from "../../src/cli/showing/table.ts"
import { relative } from "../../src/cli/showing/times.ts"
import { readFilters } from "../../src/cli/webhooks/settings.ts"

const nowMs = Date.UTC(2025, 0, 15, 14, 30)

describe("moments", () => {
  it.each([
    ["now", "2025-01-15T14:30:00.000Z"],
    ["90s", "2025-01-15T14:28:30.000Z"],
    ["15m", "2025-01-15T14:15:00.000Z"],
    ["24h", "2025-01-14T14:30:00.000Z"],
    ["7d", "2025-01-08T14:30:00.000Z"],
    ["2w", "2025-01-01T14:30:00.000Z"],
    ["2025-01-01", "2025-01-01T00:00:00.000Z"],
    ["2025-01-01T01:00:00+01:00", "2025-01-01T00:00:00.000Z"],
    ["2025-01-01T00:00:00.5Z", "2025-01-01T00:00:00.500Z"],
  ])("%s", (text, moment) => expect(readMoment(text, nowMs)).toBe(moment))

  it.each(["", "yesterday", "5", "5y", "-5m", "2025-13-01", "2025-01-01T00:00:00", "1e9d"])("are not %j", (text) => {
    expect(() => readMoment(text, nowMs)).toThrow(/Give an age/)
  })

  it("that are to come count from now on", () => {
    expect(readMomentAhead("90d", nowMs)).toBe("2025-04-15T14:30:00.000Z")
    expect(readMomentAhead("2030-01-01", nowMs)).toBe("2030-01-01T00:00:00.000Z")
    expect(() => readMomentAhead("now", nowMs)).toThrow(/Give a length from now on/)
  })
})

describe("what people read", () => {
  it("tells times by their distance", () => {
    expect(relative("2025-01-15T14:29:00Z", nowMs)).toBe("1 min ago")
    expect(relative("2025-01-15T14:30:05Z", nowMs)).toBe("in 5 s")
    expect(relative("2025-01-10T14:30:00Z", nowMs)).toBe("5 d ago")
    expect(relative("2025-01-15T14:30:00.4Z", nowMs)).toBe("now")
    expect(relative(null, nowMs)).toBeNull()
  })

  it("is laid out in columns, numbers to the right, with a dash for nothing", () => {
    const columns = [
      { title: "name", cell: ({ name }: { name: string | null; count: number }) => name },
      { title: "count", cell: ({ count }: { name: string | null; count: number }) => count },
    ]
    const rows = [
      { name: "a\u001b[31m", count: 5 },
      { name: null, count: 1000 },
    ]
    expect(table({ coloured: false }, columns, rows)).toBe(
      "NAME         COUNT\na\\u{1b}[31m      5\n-             1000\n",
    )
    expect(
      fields([
        ["a", 1],
        ["long", null],
      ]),
    ).toBe("a:     1\nlong:  -\n")
  })

  it("holds nothing that a terminal obeys", () => {
    const hostile = "\u001b]0;title\u0007\u009b2J\u202etxt.exe\u2066\r\nnext\tcell\u007f"
    expect(safeText(hostile)).toBe("\\u{1b}]0;title\\u{7}\\u{9b}2J\\u{202e}txt.exe\\u{2066}\nnext\tcell\\u{7f}")
    expect(safeLine(hostile)).not.toMatch(/[\p{Cc}\u202e\u2066]/u)
    expect(safeLine("Zürich 漢字 👩‍🚀")).toBe("Zürich 漢字 👩‍🚀")
  })

  it("is coloured on a terminal, unless that was declined", () => {
    const coloured = (isTTY: boolean, env: Record<string, string>) =>
      processTerminal(
        { stdin: (async function* () {})(), stdout: { write() {}, isTTY }, stderr: { write() {} }, env },
        new AbortController().signal,
      ).coloured
    expect(coloured(true, {})).toBe(true)
    expect(coloured(false, {})).toBe(false)
    expect(coloured(true, { NO_COLOR: "1" })).toBe(false)
    expect(coloured(true, { NO_COLOR: "" })).toBe(true)
    expect(coloured(true, { TERM: "dumb" })).toBe(false)
  })
})

describe("a replay's progress", () => {
  const text = (examined: number, share: number, columns: number) =>
    barText(share, 1, columns, () => replayFigures({ progress: { examined, enqueued: 3, share } }))

  it("is a bar and its figures, as wide as there is room", () => {
    expect(text(50, 0.5, 120)).toBe(`${"█".repeat(20)}${"░".repeat(20)}  50 %  50 examined, 3 queued`)
    expect(text(0, 1, 120)).toContain("100 %")
    expect(text(50, 0.5, 40).length).toBeLessThan(60)
  })
})

describe("the doctor's look at the clock", () => {
  const at = (serverMs: number) => clockCheck(new Date(serverMs).toUTCString(), nowMs, nowMs + 20)

  it("allows for whole seconds and for the way", () => {
    expect(at(nowMs).outcome).toBe("ok")
    expect(at(nowMs + 4_000).outcome).toBe("ok")
    expect(at(nowMs - 20_000)).toMatchObject({ outcome: "warning", message: expect.stringContaining("behind") })
    expect(at(nowMs + 200_000)).toMatchObject({ outcome: "problem", message: expect.stringContaining("ahead of") })
    expect(clockCheck(null, nowMs, nowMs).outcome).toBe("skipped")
  })
})

describe("filters", () => {
  it("are read as criterion=values", () => {
    expect(readFilters(["severity=HIGH, CRITICAL", "environments=production", "severity=low"])).toEqual({
      severity: ["HIGH", "CRITICAL", "low"],
      environments: ["production"],
    })
    for (const wrong of ["severity", "severity=", "colour=red", "=x"])
      expect(() => readFilters([wrong])).toThrow(/--filter/)
  })
})

import { InvalidArgumentError } from "commander"

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

// With a zone: a time without one would mean something else on each machine.
const rfc3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/

/**
 * Reads a moment: `now`, an age such as `90s`, `15m`, `24h`, `7d` or `2w`, a date, or an RFC 3339 time.
 *
 * @returns RFC 3339 in UTC.
 * @throws InvalidArgumentError
 */
export function readMoment(text: string, nowMs: number): string {
  const atMs = momentMs(text.trim(), nowMs)
  if (atMs === null || !Number.isFinite(atMs) || Math.abs(atMs) > 8.64e15) {
    throw new InvalidArgumentError(
      "Give an age (15m, 24h, 7d), a date (2025-01-31, midnight UTC), an RFC 3339 time (2025-01-31T08:00:00Z) or now.",
    )
  }
  return new Date(atMs).toISOString()
}

function momentMs(text: string, nowMs: number): number | null {
  if (text === "now") return nowMs
  const age = /^(\d{1,9})([smhdw])$/.exec(text)
  if (age?.[1] !== undefined && age[2] !== undefined) return nowMs - Number(age[1]) * (unitMs[age[2]] ?? 0)
  return rfc3339.test(text) || /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : null
}

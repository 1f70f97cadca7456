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
  const ageMs = spanMs(text.trim())
  const atMs = text.trim() === "now" ? nowMs : ageMs === null ? instantMs(text.trim()) : nowMs - ageMs
  return asRfc3339(
    atMs,
    "Give an age (15m, 24h, 7d), a date (2025-01-31, midnight UTC), an RFC 3339 time (2025-01-31T08:00:00Z) or now.",
  )
}

/**
 * Reads a moment that is to come: as `readMoment`, but a length such as `90d` counts from now on.
 *
 * @returns RFC 3339 in UTC.
 * @throws InvalidArgumentError
 */
export function readMomentAhead(text: string, nowMs: number): string {
  const lengthMs = spanMs(text.trim())
  return asRfc3339(
    lengthMs === null ? instantMs(text.trim()) : nowMs + lengthMs,
    "Give a length from now on (24h, 90d), a date (2030-01-31, midnight UTC) or an RFC 3339 time (2030-01-31T08:00:00Z).",
  )
}

function asRfc3339(atMs: number | null, remedy: string): string {
  if (atMs === null || !Number.isFinite(atMs) || Math.abs(atMs) > 8.64e15) throw new InvalidArgumentError(remedy)
  return new Date(atMs).toISOString()
}

function spanMs(text: string): number | null {
  const span = /^(\d{1,9})([smhdw])$/.exec(text)
  return span?.[1] !== undefined && span[2] !== undefined ? Number(span[1]) * (unitMs[span[2]] ?? 0) : null
}

function instantMs(text: string): number | null {
  return rfc3339.test(text) || /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : null
}

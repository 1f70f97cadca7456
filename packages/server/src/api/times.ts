import type { Flaw } from "./problems.ts"

let lastMs = Number.NaN
let lastText = ""

/** Unix ms as RFC 3339 in UTC. The receipts of a batch mostly share one, so the last text is kept. */
export function rfc3339(atMs: number): string {
  if (atMs !== lastMs) {
    lastText = new Date(atMs).toISOString()
    lastMs = atMs
  }
  return lastText
}

export function rfc3339OrNull(atMs: number | null): string | null {
  return atMs === null ? null : rfc3339(atMs)
}

/** The last second that RFC 3339 can write in UTC: 9999-12-31T23:59:59Z. */
const lastWritableMs = 253_402_300_799_999

/**
 * Reads a time whose RFC 3339 form the schema has checked. What remains is what `Date` cannot hold (a leap second) or
 * cannot be written in UTC (an offset that leads beyond the year 9999), and what no event has: a year before 1970.
 *
 * @returns Unix ms, or null with a flaw added.
 */
export function readTime(text: string, pointer: string, flaws: Flaw[]): number | null {
  const atMs = Date.parse(text)
  if (atMs >= 0 && atMs <= lastWritableMs) return atMs
  flaws.push({
    pointer,
    detail: "must be a time from 1970 to 9999 in UTC, with an offset such as Z or +01:00, without a leap second",
  })
  return null
}

/** The `from` and `to` of a list: creation, from inclusive, to exclusive. */
export function readRange(query: { readonly from?: string; readonly to?: string }, flaws: Flaw[]) {
  const fromMs = query.from === undefined ? null : readTime(query.from, "/from", flaws)
  const toMs = query.to === undefined ? null : readTime(query.to, "/to", flaws)
  return { ...(fromMs !== null && { fromMs }), ...(toMs !== null && { toMs }) }
}

/**
 * Ids end in a time-ordered value (domain/ids.ts): 32 hex digits, or the same as a UUID. So a span of time is a span
 * of ids, and needs no index of its own.
 */
const shapes: readonly { readonly pattern: RegExp; readonly write: (prefix: string, hex: string) => string }[] = [
  { pattern: /^(.*?)[0-9a-f]{32}$/, write: (prefix, hex) => prefix + hex },
  {
    pattern: /^(.*?)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    write: (prefix, hex) => `${prefix}${hex.slice(0, 8)}-${hex.slice(8)}`,
  },
]

/**
 * An id is minted a moment before or after its record's own time is taken, and never goes back when the clock is set
 * back. The exact times are compared as well; this only widens what is looked at.
 */
const slackMs = 10_000

/** Above every id: `~` follows all that ids are made of. */
export const aboveAll = "~"

/** Above this id and no other: a space comes before all that ids are made of. */
export function justAbove(id: string): string {
  return `${id} `
}

/**
 * The ids between two moments, for records whose oldest and newest ids are given. Unless both have the same known
 * shape, that is all ids.
 *
 * @param before the id that a page goes on below, or null for the first page.
 * @returns `least` inclusive, `above` exclusive.
 */
export function idsBetween(
  oldest: string,
  newest: string,
  fromMs: number | undefined,
  toMs: number | undefined,
  before: string | null,
): { readonly least: string; readonly above: string } {
  for (const { pattern, write } of shapes) {
    const prefix = pattern.exec(newest)?.[1]
    if (prefix === undefined || pattern.exec(oldest)?.[1] !== prefix) continue
    return {
      least: fromMs === undefined ? "" : write(prefix, timeHex(fromMs - slackMs)),
      above: lower(before, toMs === undefined ? aboveAll : write(prefix, timeHex(toMs + slackMs))),
    }
  }
  return { least: "", above: before ?? aboveAll }
}

function lower(before: string | null, above: string): string {
  return before !== null && before < above ? before : above
}

function timeHex(ms: number): string {
  const inRange = Math.min(Math.max(Math.floor(ms), 0), 0xffff_ffff_ffff)
  return inRange.toString(16).padStart(12, "0")
}

let lastSecond = Number.NaN
let lastText = ""

/**
 * RFC 3339 in UTC, in whole seconds (rounded down), as all three envelopes print times: `2024-01-15T14:30:00Z`. Events
 * come many to a second, so the last text is kept.
 */
export function rfc3339Seconds(unixMs: number): string {
  const second = Math.floor(unixMs / 1_000)
  if (second !== lastSecond) {
    lastText = `${new Date(second * 1_000).toISOString().slice(0, -5)}Z`
    lastSecond = second
  }
  return lastText
}

/** RFC 3339 in UTC, in whole seconds (rounded down), as all three envelopes print times: `2024-01-15T14:30:00Z`. */
export function rfc3339Seconds(unixMs: number): string {
  return `${new Date(unixMs).toISOString().slice(0, -5)}Z`
}

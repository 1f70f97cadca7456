/** A figure as a person reads it: whole when large, three digits when small; "–" where there is none. */
export function rounded(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "∞"
  if (!Number.isFinite(value)) return "–"
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en-GB")
  const digits = Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3
  return value.toFixed(digits)
}

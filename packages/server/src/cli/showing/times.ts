const units = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const

/** How long ago a moment was, in its largest unit: `3 min ago`; `in 5 s` for one to come. */
export function relative(rfc3339: string | null, nowMs: number): string | null {
  if (rfc3339 === null) return null
  const agoMs = nowMs - Date.parse(rfc3339)
  if (Number.isNaN(agoMs)) return rfc3339
  const [unit, unitMs] = units.find(([, ms]) => Math.abs(agoMs) >= ms) ?? (["s", 1_000] as const)
  const count = Math.trunc(Math.abs(agoMs) / unitMs)
  if (count === 0) return "now"
  return agoMs > 0 ? `${count} ${unit} ago` : `in ${count} ${unit}`
}

/** The time of day, as lines that are written as things happen begin with. */
export function clockTime(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 8)
}

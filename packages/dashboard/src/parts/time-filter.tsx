import { inputClass } from "./field.tsx"

export const spans = [
  ["15m", "Last 15 minutes", 900_000],
  ["1h", "Last hour", 3_600_000],
  ["24h", "Last 24 hours", 86_400_000],
  ["7d", "Last 7 days", 604_800_000],
] as const

/** Where a span that ends now begins, as RFC 3339; null: no bound. */
export function sinceOf(span: string | undefined): string | null {
  const found = spans.find(([id]) => id === span)
  return found ? new Date(Date.now() - found[2]).toISOString() : null
}

export function TimeFilter({
  value,
  onChange,
  spans: choices,
}: {
  value: string
  onChange: (span: string) => void
  spans: readonly (readonly [string, string, number])[]
}) {
  return (
    <select aria-label="Time" className={inputClass} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">Any time</option>
      {choices.map(([id, text]) => (
        <option key={id} value={id}>
          {text}
        </option>
      ))}
    </select>
  )
}

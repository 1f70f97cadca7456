const whole = new Intl.NumberFormat()
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 })

export function count(value: number): string {
  return value < 100_000 ? whole.format(value) : compact.format(value)
}

/** @param share 0 to 1; null: nothing to say. A failure among many must not round to 100 %. */
export function percent(share: number | null): string {
  if (share === null) return "–"
  if (share === 1) return "100 %"
  const value = share * 100
  return `${value > 99.9 ? Math.min(99.99, Math.floor(value * 100) / 100) : value.toFixed(1)} %`
}

export function milliseconds(value: number | undefined): string {
  if (value === undefined) return "–"
  if (value === 0) return "0 ms"
  return value < 1_000 ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms` : `${(value / 1_000).toFixed(2)} s`
}

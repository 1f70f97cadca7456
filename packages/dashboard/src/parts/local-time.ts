/** As `datetime-local` wants it: the reader's clock, without a zone. */
export function localTime(atMs: number): string {
  const shifted = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000)
  return shifted.toISOString().slice(0, 19)
}

/** The instant that a `datetime-local` field holds, as RFC 3339; null while it is not a whole one. */
export function instantOf(local: string): string | null {
  const date = new Date(local)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/**
 * When an id was minted, Unix ms: ids end in a time-ordered value (domain/ids.ts), 32 hex digits or the same as a
 * UUID. An id of another shape, which nothing here makes, is taken to be of the first day.
 */
export function mintedMs(id: string): number {
  const value = id.slice(id.lastIndexOf("_") + 1).replaceAll("-", "")
  return /^[0-9a-f]{32}$/.test(value) ? Number.parseInt(value.slice(0, 12), 16) : 0
}

/** Ids are minted a moment before or after their record's own time is taken, and never go back with the clock. */
export const mintSlackMs = 10_000

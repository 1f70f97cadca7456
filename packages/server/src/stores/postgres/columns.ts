import type { Row } from "./session.ts"

/** Reading columns whose types the schema fixes; anything else is a fault of the query. */
export function text(row: Row, name: string): string {
  const value = row[name]
  if (typeof value !== "string") throw new Error(`Column ${name} is not a text.`)
  return value
}

export function number(row: Row, name: string): number {
  const value = row[name]
  if (typeof value !== "number") throw new Error(`Column ${name} is not a number.`)
  return value
}

export function textOrNull(row: Row, name: string): string | null {
  return row[name] === null ? null : text(row, name)
}

export function numberOrNull(row: Row, name: string): number | null {
  return row[name] === null ? null : number(row, name)
}

/** A record that this store wrote as JSON. */
export function record<Record>(row: Row, name = "record"): Record {
  return JSON.parse(text(row, name)) as Record
}

import type { DatabaseSync, SQLInputValue, SQLOutputValue } from "node:sqlite"

export type Row = readonly SQLOutputValue[]

export type Reader = {
  row(...values: SQLInputValue[]): Row | undefined
  rows(...values: SQLInputValue[]): readonly Row[]
  /** Row by row: whoever stops reading ends the query. */
  each(...values: SQLInputValue[]): Iterable<Row>
}

/** Prepares a query whose rows come as arrays: they cost half of what objects with named properties do. */
export function reader(db: DatabaseSync, sql: string): Reader {
  const statement = db.prepare(sql)
  statement.setReturnArrays(true)
  return {
    row: (...values) => {
      const row: unknown = statement.get(...values)
      return row === undefined ? undefined : asRow(row)
    },
    rows: (...values) => {
      const rows: readonly unknown[] = statement.all(...values)
      return rows.map(asRow)
    },
    *each(...values) {
      const rows: Iterable<unknown> = statement.iterate(...values)
      for (const row of rows) yield asRow(row)
    },
  }
}

/** Prepares a statement that writes. @returns how many rows it changed. */
export function writer(db: DatabaseSync, sql: string): (...values: SQLInputValue[]) => number {
  const statement = db.prepare(sql)
  return (...values) => Number(statement.run(...values).changes)
}

function asRow(row: unknown): Row {
  if (!Array.isArray(row)) throw new Error("SQLite returned a row that is not an array.")
  return row
}

export function text(value: SQLOutputValue | undefined): string {
  if (typeof value !== "string") throw wrong("text", value)
  return value
}

export function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value === null ? null : text(value)
}

export function number(value: SQLOutputValue | undefined): number {
  if (typeof value !== "number") throw wrong("a number", value)
  return value
}

export function numberOrNull(value: SQLOutputValue | undefined): number | null {
  return value === null ? null : number(value)
}

/** Reads a JSON column. Only this store writes them, from values of that very type, so the type is taken on trust. */
export function record<Stored>(value: SQLOutputValue | undefined): Stored {
  return JSON.parse(text(value)) as Stored
}

function wrong(expected: string, value: unknown): Error {
  return new Error(`The database holds ${value === null ? "null" : typeof value} where ${expected} belongs.`)
}

import type { DatabaseSync } from "node:sqlite"
import { type Reader, reader } from "../prepared.ts"

/** Prepares each query once. For queries put together from a few fixed conditions: there are only so many. */
export function statements(db: DatabaseSync): (sql: string) => Reader {
  const prepared = new Map<string, Reader>()
  return (sql) => {
    let found = prepared.get(sql)
    if (found === undefined) {
      found = reader(db, sql)
      prepared.set(sql, found)
    }
    return found
  }
}

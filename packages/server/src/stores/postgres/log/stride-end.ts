import { strideBytes, strideRows } from "../../stride.ts"
import { text } from "../columns.ts"
import type { Runner } from "../session.ts"
import type { Conditions } from "./conditions.ts"

/** The last id of a stride over these rows, newest first; null when there are fewer. */
export async function strideEnd(
  run: Runner["run"],
  table: "events" | "deliveries",
  rows: Conditions,
): Promise<string | null> {
  const [end] = await run(
    `SELECT d.id FROM ${table} d WHERE ${rows.sql} ORDER BY d.id DESC LIMIT 1 OFFSET ${strideRows - 1}`,
    rows.values,
  )
  return end === undefined ? null : text(end, "id")
}

/**
 * The same for a stride in which bodies are searched. The sums are made row by row, so that it ends where its last row is
 * found, and a body's length is known without reading it. The rows are bounded within: without that a plan may sort a
 * whole history.
 */
export async function searchEnd(run: Runner["run"], rows: Conditions): Promise<string | null> {
  const [end] = await run(
    `SELECT s.id FROM (
       SELECT e.id, row_number() OVER sofar AS number, sum(e.bytes) OVER sofar AS bytes
       FROM (SELECT d.id, octet_length(d.body) AS bytes FROM events d WHERE ${rows.sql}
             ORDER BY d.id DESC LIMIT ${strideRows}) e
       WINDOW sofar AS (ORDER BY e.id DESC ROWS UNBOUNDED PRECEDING)
     ) s WHERE s.number >= ${strideRows} OR s.bytes >= ${strideBytes} ORDER BY s.id DESC LIMIT 1`,
    rows.values,
  )
  return end === undefined ? null : text(end, "id")
}

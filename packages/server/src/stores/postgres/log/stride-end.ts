import { strideRows } from "../../stride.ts"
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

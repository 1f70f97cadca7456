import type { DatabaseSync } from "node:sqlite"
import type { StoredWebhook } from "../../../ports/store.ts"
import { number, reader, record } from "../prepared.ts"

export type Counts = {
  readonly workspaces: number
  readonly webhooks: number
  readonly events: number
  /** Deliveries that have not ended. */
  readonly waiting: number
}

/** What a database holds, from its small tables and indexes. */
export function countsIn(db: DatabaseSync): Counts {
  const count = (from: string) => number(reader(db, `SELECT count(*) FROM ${from}`).row()?.[0])
  return {
    workspaces: count("workspaces WHERE record IS NOT NULL AND deleted_ms IS NULL"),
    webhooks: count("webhooks WHERE record IS NOT NULL AND deleted = 0"),
    events: count("events"),
    // Counted, since the counters may be a moment behind the rows.
    waiting: count("deliveries INDEXED BY deliveries_keyed WHERE state IN (0, 2)"),
  }
}

/** What is sealed in it and will be opened by a server that starts on it. */
export function sealedIn(db: DatabaseSync): readonly string[] {
  const rows = reader(
    db,
    `SELECT webhooks.record FROM webhooks JOIN workspaces ON workspaces.num = webhooks.workspace
     WHERE webhooks.record IS NOT NULL AND workspaces.deleted_ms IS NULL`,
  ).rows()
  return rows.flatMap((row) => record<StoredWebhook>(row[0]).sealed ?? [])
}

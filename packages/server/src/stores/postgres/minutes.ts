import { histogramIn, type LatencyHistogram, LatencyTally, mergedHistogram } from "../../domain/latency-histogram.ts"
import { minuteOf } from "../minute.ts"
import { number, text, textOrNull } from "./columns.ts"
import { arrayOf } from "./literals.ts"
import type { Row } from "./session.ts"
import { type Bucket, buckets } from "./states.ts"

export type MinuteColumn = Bucket | "succeeded" | "failed"
const minuteColumns: readonly MinuteColumn[] = [...buckets, "succeeded", "failed"]

/** Which writer counts: see the schema. */
export const side = { accepting: 0, settling: 1 } as const

type Counted = { readonly workspaceId: string; readonly webhookId: string; readonly minute: number } & Record<
  MinuteColumn,
  number
> & { latencies: LatencyTally | null }

/** Changes to what webhooks' minutes count, gathered over a batch: one row each to write. */
export class Minutes {
  readonly #rows = new Map<string, Counted>()

  count(workspaceId: string, webhookId: string, atMs: number, column: MinuteColumn, change: number): void {
    this.#minute(workspaceId, webhookId, atMs)[column] += change
  }

  /** Adds an attempt that got a response to the latencies of its minute, which `addStoredLatencies` completes. */
  took(workspaceId: string, webhookId: string, atMs: number, durationMs: number): void {
    const minute = this.#minute(workspaceId, webhookId, atMs)
    minute.latencies ??= new LatencyTally()
    minute.latencies.add(durationMs)
  }

  /** @param rows what `findLatencies` found: those minutes are then written whole. */
  addStoredLatencies(rows: readonly Row[]): void {
    for (const row of rows) {
      const name = nameOf(text(row, "workspace_id"), text(row, "webhook_id"), number(row, "minute"))
      this.#rows.get(name)?.latencies?.merge(histogramIn(text(row, "latencies")))
    }
  }

  #minute(workspaceId: string, webhookId: string, atMs: number): Counted {
    const minute = minuteOf(atMs)
    const name = nameOf(workspaceId, webhookId, minute)
    let row = this.#rows.get(name)
    if (row === undefined) {
      const zeros = { pending: 0, retrying: 0, delivered: 0, exhausted: 0, expired: 0, cancelled: 0 }
      row = { workspaceId, webhookId, minute, ...zeros, succeeded: 0, failed: 0, latencies: null }
      this.#rows.set(name, row)
    }
    return row
  }

  /** Array literals for `addMinutes`. Sorted, so that all writers lock the rows in one order. */
  columns(): string[] {
    const rows = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
    return [
      arrayOf(rows.map((row) => row.workspaceId)),
      arrayOf(rows.map((row) => row.webhookId)),
      arrayOf(rows.map((row) => row.minute)),
      ...minuteColumns.map((column) => arrayOf(rows.map((row) => row[column]))),
      arrayOf(rows.map(({ latencies }) => (latencies === null ? null : JSON.stringify(latencies.histogram())))),
    ]
  }
}

const nameOf = (workspaceId: string, webhookId: string, minute: number) => `${workspaceId} ${webhookId} ${minute}`

/**
 * An INSERT that adds what `Minutes.columns` holds.
 * @param first number of its first parameter.
 * @param from a condition on the rows `m`, to make it wait for another part of the same statement.
 */
export function addMinutes(first: number, which: number, from = ""): string {
  const types = ["text", "text", "bigint", ...minuteColumns.map(() => "bigint"), "text"]
  const arrays = types.map((type, index) => `$${first + index}::${type}[]`).join(", ")
  const names = minuteColumns.join(", ")
  return `INSERT INTO webhook_minutes AS w (workspace_id, webhook_id, minute, side, ${names}, latencies)
    SELECT m.workspace_id, m.webhook_id, m.minute, ${which}, ${minuteColumns.map((name) => `m.${name}`).join(", ")}, m.latencies
    FROM unnest(${arrays}) AS m (workspace_id, webhook_id, minute, ${names}, latencies) ${from}
    ON CONFLICT (workspace_id, webhook_id, minute, side) DO UPDATE SET
      ${minuteColumns.map((name) => `${name} = w.${name} + excluded.${name}`).join(", ")},
      latencies = coalesce(excluded.latencies, w.latencies)`
}

/**
 * What settling has stored of the latencies of minutes. For the owner of their shard alone, which then writes them
 * whole: like health, they change in no other hands. Parameters: workspaces, webhooks, minutes, the
 * first and the last of these.
 */
export const findLatencies = `
SELECT w.workspace_id, w.webhook_id, w.minute, w.latencies
FROM unnest($1::text[], $2::text[], $3::bigint[]) AS m (workspace_id, webhook_id, minute)
JOIN webhook_minutes w ON w.workspace_id = m.workspace_id AND w.webhook_id = m.webhook_id AND w.minute = m.minute
  AND w.minute BETWEEN $4 AND $5 AND w.side = ${side.settling}
WHERE w.latencies IS NOT NULL`

/** Selects what both sides hold of a minute's latencies, for `latenciesOf`. */
export const allLatencies = "'[' || string_agg(btrim(latencies, '[]'), ',') || ']' AS latencies"

/** The histogram of a row that selected `allLatencies`; empty without any. */
export function latenciesOf(row: Row): LatencyHistogram {
  const both = textOrNull(row, "latencies")
  return both === null ? [] : mergedHistogram([histogramIn(both)])
}

import { histogramIn, type LatencyHistogram, LatencyTally, mergedHistogram } from "../../domain/latency-histogram.ts"
import { minuteOf } from "../minute.ts"
import { textOrNull } from "./columns.ts"
import { arrayOf, joined, separated } from "./literals.ts"
import type { Row } from "./session.ts"
import { type Bucket, buckets } from "./states.ts"

export type MinuteColumn = Bucket | "succeeded" | "failed"
const minuteColumns: readonly MinuteColumn[] = [...buckets, "succeeded", "failed"]

/** Which writer counts: see the schema. */
export const side = { accepting: 0, settling: 1 } as const

type Counted = { readonly workspaceId: string; readonly webhookId: string; readonly minute: number } & Record<
  MinuteColumn,
  number
> & { latencies: LatencyTally | null; histogram: LatencyHistogram | null }

/** Changes to what webhooks' minutes count, gathered over a batch: one row each to write. */
export class Minutes {
  readonly #rows = new Map<string, Counted>()

  count(workspaceId: string, webhookId: string, atMs: number, column: MinuteColumn, change: number): void {
    this.#minute(workspaceId, webhookId, atMs)[column] += change
  }

  /** Adds an attempt that got a response to the latencies of its minute, which `addLatencies` completes. */
  took(workspaceId: string, webhookId: string, atMs: number, durationMs: number): void {
    const minute = this.#minute(workspaceId, webhookId, atMs)
    minute.latencies ??= new LatencyTally()
    minute.latencies.add(durationMs)
  }

  /** @param before what is stored of these minutes, which are then written whole. @returns what they are with it, by name */
  addLatencies(before: { of(name: string): LatencyHistogram }): ReadonlyMap<string, LatencyHistogram> {
    const all = new Map<string, LatencyHistogram>()
    for (const [name, row] of this.#rows) {
      if (row.latencies === null) continue
      row.histogram = row.latencies.merge(before.of(name)).histogram()
      all.set(name, row.histogram)
    }
    return all
  }

  #minute(workspaceId: string, webhookId: string, atMs: number): Counted {
    const minute = minuteOf(atMs)
    const name = nameOfMinute(workspaceId, webhookId, minute)
    let row = this.#rows.get(name)
    if (row === undefined) {
      const zeros = { pending: 0, retrying: 0, delivered: 0, exhausted: 0, expired: 0, cancelled: 0 }
      row = { workspaceId, webhookId, minute, ...zeros, succeeded: 0, failed: 0, latencies: null, histogram: null }
      this.#rows.set(name, row)
    }
    return row
  }

  /** Columns for `addMinutes`. Sorted, so that all writers lock the rows in one order. */
  columns(): string[] {
    const rows = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
    return [
      joined(rows.map((row) => row.workspaceId)),
      joined(rows.map((row) => row.webhookId)),
      arrayOf(rows.map((row) => row.minute)),
      ...minuteColumns.map((column) => arrayOf(rows.map((row) => row[column]))),
      joined(rows.map(({ histogram }) => (histogram === null ? null : JSON.stringify(histogram)))),
    ]
  }
}

/** What tells a webhook's minute from all others. */
export function nameOfMinute(workspaceId: string, webhookId: string, minute: number): string {
  return `${workspaceId} ${webhookId} ${minute}`
}

/**
 * An INSERT that adds what `Minutes.columns` holds.
 * @param first number of its first parameter.
 * @param from a condition on the rows `m`, to make it wait for another part of the same statement.
 */
export function addMinutes(first: number, which: number, from = ""): string {
  const counts = ["minute", ...minuteColumns].map((_, index) => `$${first + 2 + index}::bigint[]`)
  const latencies = separated(first + 2 + counts.length)
  const arrays = [separated(first), separated(first + 1), ...counts, latencies].join(", ")
  const names = minuteColumns.join(", ")
  return `INSERT INTO webhook_minutes AS w (workspace_id, webhook_id, minute, side, ${names}, latencies)
    SELECT m.workspace_id, m.webhook_id, m.minute, ${which}, ${minuteColumns.map((name) => `m.${name}`).join(", ")}, m.latencies
    FROM unnest(${arrays}) AS m (workspace_id, webhook_id, minute, ${names}, latencies) ${from}
    ON CONFLICT (workspace_id, webhook_id, minute, side) DO UPDATE SET
      ${minuteColumns.map((name) => `${name} = w.${name} + excluded.${name}`).join(", ")},
      latencies = coalesce(excluded.latencies, w.latencies)`
}

/** Selects what both sides hold of a minute's latencies, for `latenciesOf`. */
export const allLatencies = "'[' || string_agg(btrim(latencies, '[]'), ',') || ']' AS latencies"

/** The histogram of a row that selected `allLatencies`; empty without any. */
export function latenciesOf(row: Row): LatencyHistogram {
  const both = textOrNull(row, "latencies")
  return both === null ? [] : mergedHistogram([histogramIn(both)])
}

import { arrayOf } from "./literals.ts"
import { type Bucket, buckets } from "./states.ts"

export type MinuteColumn = Bucket | "succeeded" | "failed"
const minuteColumns: readonly MinuteColumn[] = [...buckets, "succeeded", "failed"]
const minuteMs = 60_000

/** Which writer counts: see the schema. */
export const side = { accepting: 0, settling: 1 } as const

type Counted = { readonly workspaceId: string; readonly webhookId: string; readonly minute: number } & Record<
  MinuteColumn,
  number
>

/** Changes to what webhooks' minutes count, gathered over a batch: one row each to write. */
export class Minutes {
  readonly #rows = new Map<string, Counted>()

  count(workspaceId: string, webhookId: string, atMs: number, column: MinuteColumn, change: number): void {
    const minute = Math.floor(atMs / minuteMs)
    const name = `${workspaceId} ${webhookId} ${minute}`
    let row = this.#rows.get(name)
    if (row === undefined) {
      const zeros = { pending: 0, retrying: 0, delivered: 0, exhausted: 0, expired: 0, cancelled: 0 }
      row = { workspaceId, webhookId, minute, ...zeros, succeeded: 0, failed: 0 }
      this.#rows.set(name, row)
    }
    row[column] += change
  }

  /** Array literals for `addMinutes`. Sorted, so that all writers lock the rows in one order. */
  columns(): string[] {
    const rows = [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
    return [
      arrayOf(rows.map((row) => row.workspaceId)),
      arrayOf(rows.map((row) => row.webhookId)),
      arrayOf(rows.map((row) => row.minute)),
      ...minuteColumns.map((column) => arrayOf(rows.map((row) => row[column]))),
    ]
  }
}

export const minuteParameters = 3 + minuteColumns.length

/**
 * An INSERT that adds what `Minutes.columns` holds.
 * @param first number of its first parameter.
 * @param from a condition on the rows `m`, to make it wait for another part of the same statement.
 */
export function addMinutes(first: number, which: number, from = ""): string {
  const types = ["text", "text", ...Array.from({ length: minuteParameters - 2 }, () => "bigint")]
  const arrays = types.map((type, index) => `$${first + index}::${type}[]`).join(", ")
  const names = minuteColumns.join(", ")
  return `INSERT INTO webhook_minutes AS w (workspace_id, webhook_id, minute, side, ${names})
    SELECT m.workspace_id, m.webhook_id, m.minute, ${which}, ${minuteColumns.map((name) => `m.${name}`).join(", ")}
    FROM unnest(${arrays}) AS m (workspace_id, webhook_id, minute, ${names}) ${from}
    ON CONFLICT (workspace_id, webhook_id, minute, side) DO UPDATE SET
      ${minuteColumns.map((name) => `${name} = w.${name} + excluded.${name}`).join(", ")}`
}

import { histogramIn, type LatencyHistogram } from "../../../domain/latency-histogram.ts"
import { number, text } from "../columns.ts"
import { columns, joinedColumns, separated } from "../literals.ts"
import { nameOfMinute, side } from "../minutes.ts"
import type { Runner } from "../session.ts"

export type WebhookMinute = {
  readonly workspaceId: string
  readonly webhookId: string
  readonly minute: number
  /** See `nameOfMinute`. */
  readonly name: string
}

/** Minutes remembered, each some 300 bytes. */
const rememberedMax = 10_000

const findLatencies = `
SELECT w.workspace_id, w.webhook_id, w.minute, w.latencies
FROM unnest(${separated(1)}, ${separated(2)}, $3::bigint[]) AS m (workspace_id, webhook_id, minute)
JOIN webhook_minutes w ON w.workspace_id = m.workspace_id AND w.webhook_id = m.webhook_id AND w.minute = m.minute
  AND w.minute BETWEEN $4 AND $5 AND w.side = ${side.settling}
WHERE w.latencies IS NOT NULL`

/**
 * What settling has stored of the latencies of minutes, for the owner of their shards, which writes them whole: they
 * change in no other hands, so they are read once.
 */
export class OwnedLatencies {
  #tenure = 0
  #known = new Map<string, LatencyHistogram>()

  /** @param tenure see `ShardKeeper.tenure`. */
  during(tenure: number): void {
    if (tenure !== this.#tenure) this.forget()
    this.#tenure = tenure
  }

  /** Reads those that are not known yet. */
  async read(run: Runner["run"], minutes: readonly WebhookMinute[]): Promise<void> {
    if (this.#known.size + minutes.length > rememberedMax) this.forget()
    const unknown = minutes.filter(({ name }) => !this.#known.has(name))
    if (unknown.length === 0) return
    const numbers = unknown.map(({ minute }) => minute)
    const rows = await run(findLatencies, [
      ...joinedColumns(
        unknown,
        (each) => each.workspaceId,
        (each) => each.webhookId,
      ),
      ...columns(unknown, (each) => each.minute),
      Math.min(...numbers),
      Math.max(...numbers),
    ])
    for (const { name } of unknown) this.#known.set(name, [])
    for (const row of rows)
      this.#known.set(
        nameOfMinute(text(row, "workspace_id"), text(row, "webhook_id"), number(row, "minute")),
        histogramIn(text(row, "latencies")),
      )
  }

  /** @throws Error of a minute that was not read: to take it for empty would lose what is stored */
  of(name: string): LatencyHistogram {
    const known = this.#known.get(name)
    if (known === undefined) throw new Error(`The latencies of ${name} were not read.`)
    return known
  }

  /** Once they are durable. */
  keep(written: ReadonlyMap<string, LatencyHistogram>): void {
    for (const [name, histogram] of written) this.#known.set(name, histogram)
  }

  forget(): void {
    this.#known = new Map()
  }
}

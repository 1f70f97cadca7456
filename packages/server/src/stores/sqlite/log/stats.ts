import type { DatabaseSync } from "node:sqlite"
import type { WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import { histogramIn, LatencyTally } from "../../../domain/latency-histogram.ts"
import type { StatsPoint, WebhookStats } from "../../../ports/store.ts"
import { minuteMs, minuteOf } from "../../minute.ts"
import { number, type Row, reader, textOrNull } from "../prepared.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"

export type StatsQuery = {
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly sinceMs: number
  readonly nowMs: number
  readonly points: number
  /** Where to go on; null: at the beginning of the window. */
  readonly fromMinute: number | null
}

export type StatsStride = {
  /** Of the whole window, with the counts of the minutes that were read. */
  readonly stats: WebhookStats
  /** Null when there is nothing left to read. */
  readonly resumeMinute: number | null
}

/** Read at once: two days, in some 10 ms. Ninety would keep all other readers waiting. */
export const statsStrideMinutes = 2_880

/**
 * Statistics of a webhook; see `Store.stats`. Counts come from a row a minute, so they include the whole minute in
 * which `sinceMs` lies. A stride of them: the caller asks again for the rest.
 */
export function prepareStats(db: DatabaseSync, visible: VisibleWorkspace): (query: StatsQuery) => StatsStride {
  const findWebhook = reader(db, "SELECT num, sending, deleted FROM webhooks WHERE workspace = ? AND id = ?")
  const minutes = reader(
    db,
    `SELECT minute, succeeded, failed, pending, retrying, delivered, exhausted, expired, cancelled, latencies
     FROM webhook_minutes WHERE webhook = ? AND minute >= ? ORDER BY minute LIMIT ${statsStrideMinutes}`,
  )

  return ({ workspaceId, webhookId, sinceMs, nowMs, points, fromMinute }) => {
    const workspace = visible(workspaceId)
    const webhook = workspace === null ? undefined : findWebhook.row(workspace, webhookId)
    const rows = webhook === undefined ? [] : minutes.rows(number(webhook[0]), fromMinute ?? minuteOf(sinceMs))
    const stats = {
      byStatus: byStatus(rows, { sending: webhook?.[1] === 1, deleted: webhook?.[2] === 1 }),
      attempts: { succeeded: total(rows, 1), failed: total(rows, 2) },
      series: series(rows, sinceMs, nowMs, points),
    }
    const last = rows.length < statsStrideMinutes ? undefined : rows.at(-1)
    return { stats, resumeMinute: last === undefined ? null : number(last[0]) + 1 }
  }
}

function byStatus(rows: readonly Row[], webhook: { sending: boolean; deleted: boolean }): WebhookStats["byStatus"] {
  const [pending, retrying] = [total(rows, 3), total(rows, 4)]
  const waiting = pending + retrying
  const sent = webhook.sending && !webhook.deleted
  return {
    pending: sent ? pending : 0,
    held: !webhook.sending && !webhook.deleted ? waiting : 0,
    retrying: sent ? retrying : 0,
    delivered: total(rows, 5),
    exhausted: total(rows, 6),
    expired: total(rows, 7),
    cancelled: total(rows, 8) + (webhook.deleted ? waiting : 0),
  }
}

function total(rows: readonly Row[], column: number): number {
  return rows.reduce((sum, row) => sum + number(row[column]), 0)
}

function series(rows: readonly Row[], sinceMs: number, nowMs: number, points: number): readonly StatsPoint[] {
  const sliceMs = (nowMs - sinceMs) / points
  const slices = Array.from({ length: points }, (_, index) => ({
    atMs: Math.round(sinceMs + index * sliceMs),
    delivered: 0,
    failed: 0,
    tally: new LatencyTally(),
  }))
  for (const row of rows) {
    const atMs = number(row[0]) * minuteMs
    const slice = slices[Math.min(points - 1, Math.max(0, Math.floor((atMs - sinceMs) / sliceMs)))]
    if (slice === undefined) continue
    slice.delivered += number(row[1])
    slice.failed += number(row[2])
    const latencies = textOrNull(row[9])
    if (latencies !== null) slice.tally.merge(histogramIn(latencies))
  }
  return slices.map(({ tally, ...slice }) => ({ ...slice, latencies: tally.histogram() }))
}

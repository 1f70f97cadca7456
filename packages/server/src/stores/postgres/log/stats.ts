import type { WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import { LatencyTally } from "../../../domain/latency-histogram.ts"
import type { StatsPoint, WebhookStats } from "../../../ports/store.ts"
import { minuteMs, minuteOf } from "../../minute.ts"
import { number } from "../columns.ts"
import { allLatencies, latenciesOf } from "../minutes.ts"
import type { Row, Runner } from "../session.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

/** Statistics of a webhook; see `Store.stats`. Counts include the whole minute in which `sinceMs` lies. */
export async function stats(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  webhookId: WebhookId,
  sinceMs: number,
  nowMs: number,
  points: number,
): Promise<WebhookStats> {
  const lane = [workspaceId, webhookId] as const
  const [minutes, webhooks] = await Promise.all([
    run(
      `SELECT minute, sum(pending)::bigint AS pending, sum(retrying)::bigint AS retrying,
         sum(delivered)::bigint AS delivered, sum(exhausted)::bigint AS exhausted, sum(expired)::bigint AS expired,
         sum(cancelled)::bigint AS cancelled, sum(succeeded)::bigint AS succeeded, sum(failed)::bigint AS failed,
         ${allLatencies}
       FROM webhook_minutes WHERE workspace_id = $1 AND webhook_id = $2 AND minute >= $3 AND ${workspaceIsVisible}
       GROUP BY minute ORDER BY minute`,
      [...lane, minuteOf(sinceMs)],
    ),
    run("SELECT sending, deleted FROM webhooks WHERE workspace_id = $1 AND webhook_id = $2", lane),
  ])
  return {
    byStatus: byStatus(minutes, webhooks[0]),
    attempts: { succeeded: total(minutes, "succeeded"), failed: total(minutes, "failed") },
    series: series(minutes, sinceMs, nowMs, points),
  }
}

function byStatus(rows: readonly Row[], webhook: Row | undefined): WebhookStats["byStatus"] {
  const deleted = webhook?.deleted === true
  const sent = webhook?.sending !== false && !deleted
  const [pending, retrying] = [total(rows, "pending"), total(rows, "retrying")]
  const waiting = pending + retrying
  return {
    pending: sent ? pending : 0,
    held: !sent && !deleted ? waiting : 0,
    retrying: sent ? retrying : 0,
    delivered: total(rows, "delivered"),
    exhausted: total(rows, "exhausted"),
    expired: total(rows, "expired"),
    cancelled: total(rows, "cancelled") + (deleted ? waiting : 0),
  }
}

function total(rows: readonly Row[], column: string): number {
  return rows.reduce((sum, row) => sum + number(row, column), 0)
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
    const atMs = number(row, "minute") * minuteMs
    const slice = slices[Math.min(points - 1, Math.max(0, Math.floor((atMs - sinceMs) / sliceMs)))]
    if (slice === undefined) continue
    slice.delivered += number(row, "succeeded")
    slice.failed += number(row, "failed")
    slice.tally.merge(latenciesOf(row))
  }
  return slices.map(({ tally, ...slice }) => ({ ...slice, latencies: tally.histogram() }))
}

import type { DeliveryStatus } from "../../domain/delivery.ts"
import type { WebhookId, WorkspaceId } from "../../domain/ids.ts"
import type { StatsPoint, WebhookStats } from "../../ports/store.ts"
import { type DeliveryRow, type Rows, statusOf } from "./rows.ts"

/** See `Store.stats`. */
export function stats(
  rows: Rows,
  workspaceId: WorkspaceId,
  webhookId: WebhookId,
  sinceMs: number,
  nowMs: number,
  points: number,
): WebhookStats {
  const deliveries = [...(rows.visible(workspaceId)?.webhooks.get(webhookId)?.deliveries ?? [])]
  const attempts = deliveries.flatMap((row) => row.attempts.filter((attempt) => attempt.atMs >= sinceMs))
  const succeeded = new Set(deliveries.flatMap((row) => row.successes))
  const durations = attempts.filter(({ statusCode }) => statusCode !== null).map(({ durationMs }) => durationMs)
  const sliceMs = (nowMs - sinceMs) / points
  const series = Array.from({ length: points }, (_, index): StatsPoint => {
    const inSlice = attempts.filter(
      ({ atMs }) => Math.min(points - 1, Math.max(0, Math.floor((atMs - sinceMs) / sliceMs))) === index,
    )
    const delivered = inSlice.filter((attempt) => succeeded.has(attempt)).length
    return { atMs: Math.round(sinceMs + index * sliceMs), delivered, failed: inSlice.length - delivered }
  })
  const succeededCount = attempts.filter((attempt) => succeeded.has(attempt)).length
  return {
    byStatus: byStatus(deliveries.filter((row) => row.createdMs >= sinceMs)),
    attempts: { succeeded: succeededCount, failed: attempts.length - succeededCount },
    latencyMs: durations.length === 0 ? null : percentiles(durations.sort((a, b) => a - b)),
    series,
  }
}

function byStatus(deliveries: readonly DeliveryRow[]): WebhookStats["byStatus"] {
  const counts: Record<DeliveryStatus, number> = {
    pending: 0,
    held: 0,
    retrying: 0,
    delivered: 0,
    exhausted: 0,
    expired: 0,
    cancelled: 0,
  }
  for (const row of deliveries) counts[statusOf(row)] += 1
  return counts
}

function percentiles(sorted: readonly number[]): { p50: number; p95: number; p99: number } {
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}

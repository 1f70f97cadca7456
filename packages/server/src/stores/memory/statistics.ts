import type { DeliveryStatus, RecordedAttempt } from "../../domain/delivery.ts"
import type { WebhookId, WorkspaceId } from "../../domain/ids.ts"
import { type LatencyHistogram, LatencyTally } from "../../domain/latency-histogram.ts"
import type { AttemptsOfMinute, StatsPoint, WebhookStats } from "../../ports/store.ts"
import { minuteMs, minuteOf } from "../minute.ts"
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
  const sliceMs = (nowMs - sinceMs) / points
  const series = Array.from({ length: points }, (_, index): StatsPoint => {
    const inSlice = attempts.filter(
      ({ atMs }) => Math.min(points - 1, Math.max(0, Math.floor((atMs - sinceMs) / sliceMs))) === index,
    )
    const delivered = inSlice.filter((attempt) => succeeded.has(attempt)).length
    return {
      atMs: Math.round(sinceMs + index * sliceMs),
      delivered,
      failed: inSlice.length - delivered,
      latencies: latencies(inSlice),
    }
  })
  const succeededCount = attempts.filter((attempt) => succeeded.has(attempt)).length
  return {
    byStatus: byStatus(deliveries.filter((row) => row.createdMs >= sinceMs)),
    attempts: { succeeded: succeededCount, failed: attempts.length - succeededCount },
    series,
  }
}

/** See `Store.attemptsByMinute`. */
export function attemptsByMinute(
  rows: Rows,
  workspaceId: WorkspaceId,
  webhookId: WebhookId,
  sinceMs: number,
): readonly AttemptsOfMinute[] {
  const minutes = new Map<number, number>()
  for (const { attempts } of rows.visible(workspaceId)?.webhooks.get(webhookId)?.deliveries ?? [])
    for (const { atMs } of attempts) {
      const minute = minuteOf(atMs)
      if (minute >= minuteOf(sinceMs)) minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
    }
  return [...minutes].sort(([a], [b]) => a - b).map(([minute, attempts]) => ({ minuteMs: minute * minuteMs, attempts }))
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

function latencies(attempts: readonly RecordedAttempt[]): LatencyHistogram {
  const tally = new LatencyTally()
  for (const { statusCode, durationMs } of attempts) if (statusCode !== null) tally.add(durationMs)
  return tally.histogram()
}

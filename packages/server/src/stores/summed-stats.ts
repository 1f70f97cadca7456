import { type DeliveryStatus, deliveryStatuses } from "../domain/delivery.ts"
import { mergedHistogram } from "../domain/latency-histogram.ts"
import type { WebhookStats } from "../ports/store.ts"

/** Statistics of the same window and points, each of other minutes of it, as one. */
export function summedStats(all: readonly [WebhookStats, ...WebhookStats[]]): WebhookStats {
  const sum = (of: (stats: WebhookStats) => number) => all.reduce((total, stats) => total + of(stats), 0)
  const byStatus: Record<DeliveryStatus, number> = { ...all[0].byStatus }
  for (const status of deliveryStatuses) byStatus[status] = sum((stats) => stats.byStatus[status])
  return {
    byStatus,
    attempts: {
      succeeded: sum(({ attempts }) => attempts.succeeded),
      failed: sum(({ attempts }) => attempts.failed),
    },
    series: all[0].series.map(({ atMs }, at) => ({
      atMs,
      delivered: sum(({ series }) => series[at]?.delivered ?? 0),
      failed: sum(({ series }) => series[at]?.failed ?? 0),
      latencies: mergedHistogram(all.map(({ series }) => series[at]?.latencies ?? [])),
    })),
  }
}

import Type from "typebox"
import { deliveryStatuses } from "../../domain/delivery.ts"
import { mergedHistogram, percentiles } from "../../domain/latency-histogram.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { Problem } from "../problems.ts"
import type { Kept } from "../routes.ts"
import { Closed, IdParams, LatencyShown, Nullable, Time, windowPattern } from "../schema-vocabulary.ts"
import { rfc3339 } from "../times.ts"
import { foundWebhook } from "./finding-webhooks.ts"

const unitsMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }
const windowMaxMs = 90 * 86_400_000

export function webhookStats(api: Api, parts: ApiParts, { lists }: Pick<Kept, "lists">): void {
  const { clock } = parts
  api.get(
    "/v1/webhooks/:id/stats",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "webhookStats",
        summary: "Counts, success rate and latency",
        params: IdParams("webhook"),
        querystring: Closed({
          window: Type.Optional(
            Type.String({ pattern: windowPattern, description: "Such as 30m, 24h or 7d; 24h, at most 90d" }),
          ),
          points: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: "Slices of the series; 48" })),
        }),
        response: {
          200: Type.Object({
            window: Type.String(),
            from: Time,
            to: Time,
            by_status: Type.Object(Object.fromEntries(deliveryStatuses.map((status) => [status, Type.Integer()])), {
              description: "Deliveries created in the window, by their status now",
            }),
            attempts: Type.Object({ succeeded: Type.Integer(), failed: Type.Integer() }),
            success_rate: Nullable(Type.Number({ description: "Of the attempts, 0 to 1; null without any" })),
            latency_ms: LatencyShown,
            series: Type.Array(
              Type.Object(
                { at: Time, delivered: Type.Integer(), failed: Type.Integer(), latency_ms: LatencyShown },
                { description: "A slice" },
              ),
            ),
          }),
        },
      },
      config: { access: "webhooks:read" },
    },
    async (request) => {
      const { id, workspaceId } = foundWebhook(parts, request, request.params.id)
      const { window = "24h", points = 48 } = request.query
      const nowMs = clock.now()
      const fromMs = nowMs - windowMs(window)
      const stats = await lists.stats(workspaceId, id, fromMs, nowMs, points)
      const { succeeded, failed } = stats.attempts
      return {
        window,
        from: rfc3339(fromMs),
        to: rfc3339(nowMs),
        by_status: stats.byStatus,
        attempts: { succeeded, failed },
        success_rate: succeeded + failed === 0 ? null : succeeded / (succeeded + failed),
        latency_ms: percentiles(mergedHistogram(stats.series.map(({ latencies }) => latencies))),
        series: stats.series.map((each) => ({
          at: rfc3339(each.atMs),
          delivered: each.delivered,
          failed: each.failed,
          latency_ms: percentiles(each.latencies),
        })),
      }
    },
  )
}

function windowMs(window: string): number {
  const ms = Number(window.slice(0, -1)) * (unitsMs[window.slice(-1)] ?? 0)
  if (ms <= windowMaxMs) return ms
  throw new Problem("query_invalid", { errors: [{ pointer: "/window", detail: "must be at most 90d" }] })
}

import Type from "typebox"
import type { WebhookId, WorkspaceId } from "../../domain/ids.ts"
import { mergedHistogram, percentiles } from "../../domain/latency-histogram.ts"
import { type Webhook, type WebhookHealth, webhookStatus } from "../../domain/webhook.ts"
import type { WebhookStats } from "../../ports/store.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { LatencyShown, Nullable, OneOf, type Static, Time } from "../schema-vocabulary.ts"
import { rfc3339, rfc3339OrNull } from "../times.ts"
import { type AcceptedMinutes, overviewMinutes } from "./accepted-minutes.ts"

const minuteMs = 60_000

/** Statistics are read webhook by webhook: a page that polls must not read them for each of its readers. */
const keptForMs = 2_000

/** Of a workspace with more, the figures are those of its newest ones. */
const webhooksMax = 200
const troubledMax = 50

const troubles = ["disabled", "failing", "unverified"] as const
type Trouble = (typeof troubles)[number]

export const OverviewShown = Type.Object({
  from: Time,
  to: Time,
  accepted: Type.Integer({ description: "Events accepted by the node that answers" }),
  delivered: Type.Integer({ description: "Attempts that succeeded" }),
  failed: Type.Integer({ description: "Attempts that failed" }),
  success_rate: Nullable(Type.Number({ description: "Of the attempts, 0 to 1; null without any" })),
  latency_ms: LatencyShown,
  backlog: Type.Integer({ description: "Deliveries not yet ended" }),
  webhooks: Type.Object({
    active: Type.Integer(),
    inactive: Type.Integer(),
    unverified: Type.Integer(),
    disabled: Type.Integer(),
  }),
  series: Type.Array(
    Type.Object({
      at: Time,
      accepted: Type.Integer(),
      delivered: Type.Integer(),
      failed: Type.Integer(),
      latency_ms: LatencyShown,
    }),
    { description: "A minute each, oldest first; the last is the present one" },
  ),
  troubled: Type.Array(
    Type.Object({
      id: Type.String(),
      url: Type.String(),
      description: Nullable(Type.String()),
      because: OneOf(troubles),
      disabled_reason: Nullable(OneOf(["gone", "failing"])),
      consecutive_failures: Type.Integer(),
      failing_since: Nullable(Time),
      last_success_at: Nullable(Time),
      backlog: Type.Integer(),
    }),
    { description: "Webhooks that need somebody, the worst first" },
  ),
})
type Overview = Static<typeof OverviewShown>

export function showOverview(api: Api, parts: ApiParts, accepted: AcceptedMinutes): void {
  const { clock } = parts
  const kept = new Map<WorkspaceId, { readonly atMs: number; readonly overview: Promise<Overview> }>()
  api.get(
    "/v1/overview",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "showOverview",
        summary: "The workspace's last hour, and the webhooks in trouble",
        response: { 200: OverviewShown },
      },
      config: { access: "webhooks:read" },
    },
    async (request) => {
      const workspaceId = workspaceOf(request)
      const nowMs = clock.now()
      const found = kept.get(workspaceId)
      if (found && nowMs - found.atMs < keptForMs) return found.overview
      const overview = measure(parts, accepted, workspaceId, nowMs)
      kept.set(workspaceId, { atMs: nowMs, overview })
      overview.catch(() => kept.delete(workspaceId))
      return overview
    },
  )
}

async function measure(
  { registry, store }: Pick<ApiParts, "registry" | "store">,
  accepted: AcceptedMinutes,
  workspaceId: WorkspaceId,
  nowMs: number,
): Promise<Overview> {
  const lastMinute = Math.floor(nowMs / minuteMs)
  const fromMs = (lastMinute - overviewMinutes + 1) * minuteMs
  const toMs = (lastMinute + 1) * minuteMs
  const webhooks = registry.webhooks(workspaceId)
  const [counts, health, stats] = await Promise.all([
    accepted.ofLastHour(workspaceId),
    store.health(workspaceId, "all"),
    Promise.all(
      webhooks.slice(-webhooksMax).map(({ id }) => store.stats(workspaceId, id, fromMs, toMs, overviewMinutes)),
    ),
  ])
  // Of all webhooks, minute by minute; adding these up gives the hour.
  const latencies = Array.from({ length: overviewMinutes }, (_, index) =>
    mergedHistogram(stats.map((each) => each.series[index]?.latencies ?? [])),
  )
  const series = Array.from({ length: overviewMinutes }, (_, index) => ({
    at: rfc3339(fromMs + index * minuteMs),
    accepted: counts.get(fromMs / minuteMs + index) ?? 0,
    delivered: sum(stats, (each) => each.series[index]?.delivered ?? 0),
    failed: sum(stats, (each) => each.series[index]?.failed ?? 0),
    latency_ms: percentiles(latencies[index] ?? []),
  }))
  const [delivered, failed] = [
    sum(stats, (each) => each.attempts.succeeded),
    sum(stats, (each) => each.attempts.failed),
  ]
  return {
    from: rfc3339(fromMs),
    to: rfc3339(nowMs),
    accepted: series.reduce((total, each) => total + each.accepted, 0),
    delivered,
    failed,
    success_rate: delivered + failed === 0 ? null : delivered / (delivered + failed),
    latency_ms: percentiles(mergedHistogram(latencies)),
    backlog: webhooks.reduce((total, { id }) => total + (health.get(id)?.backlog ?? 0), 0),
    webhooks: statuses(webhooks),
    series,
    troubled: troubled(webhooks, health),
  }
}

function sum(stats: readonly WebhookStats[], of: (each: WebhookStats) => number): number {
  return stats.reduce((total, each) => total + of(each), 0)
}

function statuses(webhooks: readonly Webhook[]): Overview["webhooks"] {
  const counts = { active: 0, inactive: 0, unverified: 0, disabled: 0 }
  for (const webhook of webhooks) {
    const status = webhookStatus(webhook)
    if (status !== "deleted") counts[status] += 1
  }
  return counts
}

function troubled(webhooks: readonly Webhook[], health: ReadonlyMap<WebhookId, WebhookHealth>): Overview["troubled"] {
  return webhooks
    .flatMap((webhook) => {
      const found = health.get(webhook.id)
      const because = trouble(webhook, found)
      if (because === null) return []
      return [
        {
          id: webhook.id,
          url: webhook.url,
          description: webhook.description,
          because,
          disabled_reason: webhook.disabled?.reason ?? null,
          consecutive_failures: found?.consecutiveFailures ?? 0,
          failing_since: rfc3339OrNull(found?.failingSinceMs ?? null),
          last_success_at: rfc3339OrNull(found?.lastSuccessMs ?? null),
          backlog: found?.backlog ?? 0,
        },
      ]
    })
    .sort(
      (a, b) =>
        troubles.indexOf(a.because) - troubles.indexOf(b.because) ||
        b.consecutive_failures - a.consecutive_failures ||
        b.backlog - a.backlog,
    )
    .slice(0, troubledMax)
}

/** An inactive webhook is as somebody wanted it, so it is no trouble. */
function trouble(webhook: Webhook, health: WebhookHealth | undefined): Trouble | null {
  const status = webhookStatus(webhook)
  if (status === "disabled" || status === "unverified") return status
  return status === "active" && (health?.consecutiveFailures ?? 0) > 0 ? "failing" : null
}

import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { RecentAttempt, Webhook } from "@tocsin/client"
import { useMemo } from "react"
import { Figure } from "../parts/facts.tsx"
import { count, milliseconds, percent } from "../parts/figures.ts"
import { Panel } from "../parts/panel.tsx"
import { Empty, Failed } from "../parts/states.tsx"
import { Time } from "../parts/time.tsx"
import { LazyPlot } from "../plots/lazy-plot.tsx"
import { tocsin } from "../tocsin.ts"
import { useWebhookStats } from "./webhook-queries.ts"

/** How it fares: a day of attempts, and how long the latest took. */
export function Health({ webhook }: { webhook: Webhook }) {
  const stats = useWebhookStats(webhook.id, "24h", 48)
  const { data } = stats
  const attempts = data ? data.attempts.succeeded + data.attempts.failed : null
  if (stats.error && !data) return <Failed error={stats.error} again={() => stats.refetch()} />
  return (
    <>
      <dl className="mb-4 grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
        <Figure
          name="Success rate, 24 h"
          value={percent(data?.success_rate ?? null)}
          note={attempts !== null && `of ${count(attempts)} attempts`}
        />
        <Figure
          name="Latency p50"
          value={milliseconds(data?.latency_ms?.p50)}
          note={`timeout ${webhook.timeout_seconds} s`}
        />
        <Figure
          name="Latency p95"
          value={milliseconds(data?.latency_ms?.p95)}
          note={data?.latency_ms ? `p99 ${milliseconds(data.latency_ms.p99)}` : ""}
        />
        <Figure name="Backlog" value={count(webhook.backlog)} note="not yet ended" />
        <Figure name="Failures in a row" value={count(webhook.consecutive_failures)} note="since the last success" />
        <Figure
          name="Last success"
          value={webhook.last_success_at === null ? "never" : <Time at={webhook.last_success_at} form="relative" />}
          note={webhook.last_success_at !== null && <Time at={webhook.last_success_at} />}
        />
      </dl>
      <div className="grid gap-4 xl:grid-cols-2">
        <Latency webhook={webhook} />
        <Panel title="Attempts, last 24 hours">
          <Attempts series={data?.series ?? []} />
        </Panel>
      </div>
    </>
  )
}

function Attempts({ series }: { series: readonly { at: string; delivered: number; failed: number }[] }) {
  const times = useMemo(() => series.map(({ at }) => Date.parse(at) / 1000), [series])
  const lines = useMemo(
    () => [
      { name: "Delivered", colour: "good" as const, filled: true, values: series.map(({ delivered }) => delivered) },
      { name: "Failed", colour: "bad" as const, filled: true, values: series.map(({ failed }) => failed) },
    ],
    [series],
  )
  const failed = series.reduce((sum, each) => sum + each.failed, 0)
  const delivered = series.reduce((sum, each) => sum + each.delivered, 0)
  return (
    <LazyPlot
      times={times}
      lines={lines}
      unit=""
      says={`In 24 hours ${delivered} attempts succeeded and ${failed} failed.`}
    />
  )
}

function Latency({ webhook }: { webhook: Webhook }) {
  const { data, error } = useQuery({
    queryKey: ["webhook-stats", webhook.id, "attempts"],
    queryFn: ({ signal }) => tocsin.webhooks.recentAttempts(webhook.id, {}, { signal }),
  })
  const plotted = useMemo(() => distinctTimes(data ?? []), [data])
  const times = useMemo(() => plotted.map(({ time }) => time), [plotted])
  const lines = useMemo(
    () => [
      {
        name: "Succeeded",
        colour: "good" as const,
        values: plotted.map(({ attempt }) => (attempt.error_code === null ? attempt.duration_ms : null)),
      },
      {
        name: "Failed",
        colour: "bad" as const,
        values: plotted.map(({ attempt }) => (attempt.error_code === null ? null : attempt.duration_ms)),
      },
    ],
    [plotted],
  )
  const slowest = data?.reduce<RecentAttempt | null>(
    (most, each) => (most === null || each.duration_ms > most.duration_ms ? each : most),
    null,
  )
  return (
    <Panel
      title="Latency of the latest attempts"
      actions={
        slowest && (
          <Link
            to="/deliveries/$id"
            params={{ id: slowest.delivery_id }}
            className="text-xs text-accent hover:underline"
          >
            Slowest: {milliseconds(slowest.duration_ms)}
          </Link>
        )
      }
    >
      {error && !data ? <Failed error={error} /> : null}
      {data?.length === 0 ? (
        <Empty icon="deliveries" title="No attempt yet">
          Send a test event, or publish one that this webhook subscribes to.
        </Empty>
      ) : (
        <LazyPlot
          points
          times={times}
          lines={lines}
          unit=" ms"
          says={`How long each of the latest ${data?.length ?? 0} attempts took${slowest ? `, at most ${milliseconds(slowest.duration_ms)}` : ""}.`}
        />
      )}
    </Panel>
  )
}

/** A plot's times must rise: attempts of the same millisecond are set a little apart. */
function distinctTimes(attempts: readonly RecentAttempt[]): { time: number; attempt: RecentAttempt }[] {
  let last = 0
  return attempts.map((attempt) => {
    last = Math.max(Date.parse(attempt.at) / 1000, last + 0.0005)
    return { time: last, attempt }
  })
}

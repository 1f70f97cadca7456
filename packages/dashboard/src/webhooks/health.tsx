import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { RecentAttempt, Webhook } from "@tocsin/client"
import { useMemo } from "react"
import { useAddress } from "../parts/address.ts"
import { Button } from "../parts/button.tsx"
import { Figure } from "../parts/facts.tsx"
import { count, milliseconds, percent } from "../parts/figures.ts"
import { Panel } from "../parts/panel.tsx"
import { Empty, Failed } from "../parts/states.tsx"
import { Time } from "../parts/time.tsx"
import { AttemptsPlot } from "../plots/attempts-plot.tsx"
import { LatencyPlot } from "../plots/latency-plot.tsx"
import { LazyPlot } from "../plots/lazy-plot.tsx"
import { tocsin } from "../tocsin.ts"
import { useWebhookStats } from "./webhook-queries.ts"

const windows = [
  ["1h", "hour"],
  ["24h", "24 hours"],
  ["7d", "7 days"],
] as const

/** How it fares: attempts and latencies over time, and each of the latest attempts. */
export function Health({ webhook }: { webhook: Webhook }) {
  const [address, setAddress] = useAddress()
  const [window, time] = windows.find(([id]) => id === address.window) ?? windows[1]
  const stats = useWebhookStats(webhook.id, window, window === "1h" ? 60 : 48)
  const { data } = stats
  const attempts = data ? data.attempts.succeeded + data.attempts.failed : null
  if (stats.error && !data) return <Failed error={stats.error} again={() => stats.refetch()} />
  return (
    <>
      <fieldset className="mb-3 flex items-center gap-1.5">
        <legend className="sr-only">Time that the figures are of</legend>
        <span className="mr-1 text-xs text-muted">Last</span>
        {windows.map(([id, text]) => (
          <Button
            key={id}
            small
            look={id === window ? "chosen" : "quiet"}
            aria-pressed={id === window}
            onClick={() => setAddress({ window: id })}
          >
            {text}
          </Button>
        ))}
      </fieldset>
      <dl className="mb-4 grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
        <Figure
          name="Success rate"
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
      <div className="mb-4 grid gap-4 xl:grid-cols-2">
        <Panel title="Latency" note={`p50, p95 and p99, last ${time}`}>
          <LatencyPlot series={data?.series ?? noSlices} whole={data?.latency_ms ?? null} />
        </Panel>
        <Panel title="Attempts" note={`Last ${time}`}>
          <AttemptsPlot
            series={data?.series ?? noSlices}
            says={
              data
                ? `In the last ${time} ${data.attempts.succeeded} attempts succeeded and ${data.attempts.failed} failed.`
                : "Figures are being loaded."
            }
          />
        </Panel>
      </div>
      <LatestAttempts webhook={webhook} />
    </>
  )
}

const noSlices: readonly never[] = []

function LatestAttempts({ webhook }: { webhook: Webhook }) {
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
        as: "points" as const,
        values: plotted.map(({ attempt }) => (attempt.error_code === null ? attempt.duration_ms : null)),
      },
      {
        name: "Failed",
        colour: "bad" as const,
        as: "points" as const,
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
      title="Latest attempts"
      note="Each with the time it took"
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
        <NoAttempts webhook={webhook} />
      ) : (
        <LazyPlot
          times={times}
          lines={lines}
          unit="ms"
          says={`How long each of the latest ${data?.length ?? 0} attempts took${slowest ? `, at most ${milliseconds(slowest.duration_ms)}` : ""}.`}
        />
      )}
    </Panel>
  )
}

/** The plot is of the newest deliveries: where many wait behind one that fails, none of them was attempted. */
function NoAttempts({ webhook: { id, consecutive_failures, last_success_at } }: { webhook: Webhook }) {
  if (consecutive_failures === 0 && last_success_at === null) {
    return (
      <Empty icon="deliveries" title="No attempt yet">
        Send a test event, or publish one that this webhook subscribes to.
      </Empty>
    )
  }
  return (
    <Empty icon="deliveries" title="None for the newest deliveries">
      They wait, behind others or until this webhook sends again.{" "}
      <Link to="/deliveries" search={{ webhook: id, status: "retrying" }}>
        See what is being retried
      </Link>
    </Empty>
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

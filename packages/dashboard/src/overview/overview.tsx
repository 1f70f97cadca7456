import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { Overview as Figures, TroubledWebhook } from "@tocsin/client"
import { useMemo } from "react"
import { Badge, type Tone } from "../parts/badge.tsx"
import { buttonClass } from "../parts/button.tsx"
import { Figure } from "../parts/facts.tsx"
import { count, milliseconds, percent } from "../parts/figures.ts"
import { Icon } from "../parts/icons.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { Empty, Failed } from "../parts/states.tsx"
import { Time } from "../parts/time.tsx"
import { AttemptsPlot } from "../plots/attempts-plot.tsx"
import { LatencyPlot } from "../plots/latency-plot.tsx"
import { tocsin } from "../tocsin.ts"
import { nameOf } from "../webhooks/webhook-name.ts"

const refreshMs = 10_000

export function Overview() {
  const { data, error, refetch } = useQuery({
    queryKey: ["overview"],
    queryFn: ({ signal }) => tocsin.overview({ signal }),
    refetchInterval: refreshMs,
  })
  if (error && !data) return <Failed error={error} again={() => refetch()} />
  return (
    <>
      <ScreenTitle title="Overview" below="The last 60 minutes of this workspace" />
      <FirstFigures figures={data} />
      <Plots figures={data} />
      <InTrouble figures={data} />
    </>
  )
}

function FirstFigures({ figures }: { figures: Figures | undefined }) {
  const latency = figures?.latency_ms
  const minute = figures?.series.at(-2)
  return (
    <dl className="mb-4 grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
      <Figure
        name="Accepted events"
        value={figures ? count(figures.accepted) : "–"}
        note={minute && `${count(minute.accepted)} in the last minute`}
      />
      <Figure
        name="Delivered"
        value={figures ? count(figures.delivered) : "–"}
        note={minute && `${count(minute.delivered)} in the last minute`}
      />
      <Figure
        name="Success rate"
        value={percent(figures?.success_rate ?? null)}
        note={figures && `${count(figures.failed)} failed attempts`}
      />
      <Figure name="Latency p50" value={milliseconds(latency?.p50)} note="half of the attempts" />
      <Figure
        name="Latency p95"
        value={milliseconds(latency?.p95)}
        note={latency ? `p99 ${milliseconds(latency.p99)}` : ""}
      />
      <Figure
        name="Backlog"
        value={figures ? count(figures.backlog) : "–"}
        note={
          // Of whichever state: the list of webhooks tells where it is.
          <Link to="/settings/integrations/webhooks" className="hover:underline">
            not yet delivered
          </Link>
        }
      />
    </dl>
  )
}

const noSlices: Figures["series"] = []

function Plots({ figures }: { figures: Figures | undefined }) {
  const series = figures?.series ?? noSlices
  const accepted = useMemo(
    () => ({
      name: "Accepted",
      colour: "accent" as const,
      as: "line" as const,
      values: series.map((each) => each.accepted),
    }),
    [series],
  )
  const says = figures
    ? `In the last hour ${figures.accepted} events were accepted, ${figures.delivered} attempts delivered and ${figures.failed} failed.`
    : "Figures are being loaded."
  return (
    <div className="mb-4 grid gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <Panel title="Per minute" note="Attempts as bars, accepted events as a line">
        <AttemptsPlot series={series} besides={accepted} says={says} />
      </Panel>
      <Panel title="Latency" note="Of attempts that got a response">
        <LatencyPlot series={series} whole={figures?.latency_ms ?? null} />
      </Panel>
    </div>
  )
}

const tones: Readonly<Record<TroubledWebhook["because"], readonly [Tone, string]>> = {
  disabled: ["bad", "Disabled"],
  failing: ["bad", "Failing"],
  unverified: ["warn", "Unverified"],
}

function InTrouble({ figures }: { figures: Figures | undefined }) {
  const webhooks = figures?.webhooks
  const all = webhooks ? webhooks.active + webhooks.inactive + webhooks.unverified + webhooks.disabled : null
  return (
    <Panel
      flush
      title="Webhooks in trouble"
      {...(webhooks && { note: `${webhooks.active} of ${all} active` })}
      className="min-h-40"
    >
      {figures && all === 0 && (
        <Empty icon="webhooks" title="No webhook yet">
          <p className="mb-3">Register the endpoint that is to receive this workspace's events.</p>
          <Link to="/settings/integrations/webhooks/new" className={buttonClass("primary")}>
            <span className="text-white">Add Webhook</span>
          </Link>
        </Empty>
      )}
      {figures && all !== 0 && figures.troubled.length === 0 && (
        <Empty icon="check" title="All is well">
          Every active webhook succeeded with its last attempt.
        </Empty>
      )}
      <ul className="divide-y divide-line">
        {figures?.troubled.map((webhook) => (
          <Troubled key={webhook.id} webhook={webhook} />
        ))}
      </ul>
    </Panel>
  )
}

function Troubled({ webhook }: { webhook: TroubledWebhook }) {
  const [tone, text] = tones[webhook.because]
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-sm hover:bg-sunken">
      <span className="w-20 shrink-0">
        <Badge tone={tone}>{text}</Badge>
      </span>
      <span className="min-w-0 flex-1 basis-56">
        <Link
          to="/settings/integrations/webhooks/$id"
          params={{ id: webhook.id }}
          className="block truncate font-medium after:absolute after:inset-0"
        >
          {nameOf(webhook)}
        </Link>
        {webhook.description !== null && <span className="block truncate text-xs text-muted">{webhook.url}</span>}
      </span>
      <span className="basis-72 max-sm:basis-full">
        <span className="block">{reason(webhook)}</span>
        <span className="block text-xs text-muted">
          {webhook.failing_since !== null && (
            <>
              since <Time at={webhook.failing_since} form="relative" />,{" "}
            </>
          )}
          {count(webhook.backlog)} waiting
        </span>
      </span>
      <Icon name="chevron" className="text-muted max-sm:hidden" />
    </li>
  )
}

function reason(webhook: TroubledWebhook): string {
  switch (webhook.because) {
    case "disabled":
      return webhook.disabled_reason === "gone" ? "Answered 410 Gone" : "Failed for five days"
    case "unverified":
      return "Has not taken its verification payload"
    case "failing":
      return `${count(webhook.consecutive_failures)} failed attempts in a row`
  }
}

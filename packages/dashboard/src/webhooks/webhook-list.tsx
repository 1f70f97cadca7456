import { Link } from "@tanstack/react-router"
import type { Webhook } from "@tocsin/client"
import { buttonClass } from "../parts/button.tsx"
import { count, milliseconds, percent } from "../parts/figures.ts"
import { Icon } from "../parts/icons.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { RowLink } from "../parts/row-link.tsx"
import { type Column, RowList } from "../parts/row-list.tsx"
import { Empty, Failed, Waiting } from "../parts/states.tsx"
import { WebhookBadge } from "../parts/status-badges.tsx"
import { Sparkline } from "../plots/sparkline.tsx"
import { useMay } from "../session/session.ts"
import { nameOf } from "./webhook-name.ts"
import { useWebhookStats, useWebhooks } from "./webhook-queries.ts"

const columns: readonly Column<Webhook>[] = [
  { name: "Status", width: "6rem", cell: (webhook) => <WebhookBadge webhook={webhook} /> },
  {
    name: "Endpoint",
    width: "minmax(0, 3fr)",
    cell: (webhook) => (
      <>
        <RowLink to={`/settings/integrations/webhooks/${webhook.id}`}>{nameOf(webhook)}</RowLink>
        {webhook.description !== null && <span className="block truncate text-xs text-muted">{webhook.url}</span>}
      </>
    ),
  },
  { name: "Events", width: "minmax(0, 1.5fr)", from: "lg", cell: ({ events }) => <Subscriptions events={events} /> },
  { name: "Last 24 h", width: "8rem", from: "sm", cell: ({ id, url }) => <Day id={id} url={url} /> },
  { name: "p95", width: "4.5rem", from: "md", right: true, cell: ({ id }) => <P95 id={id} /> },
  { name: "Backlog", width: "4.5rem", from: "md", right: true, cell: ({ backlog }) => count(backlog) },
]

export function WebhookList() {
  const { data, error, refetch } = useWebhooks()
  const mayWrite = useMay("webhooks:write")
  return (
    <>
      <ScreenTitle
        title="Webhooks"
        above="Settings › Integrations"
        below="Endpoints that this workspace's events are sent to"
        actions={
          mayWrite && (
            <Link to="/settings/integrations/webhooks/new" className={buttonClass("primary")}>
              <Icon name="plus" />
              Add Webhook
            </Link>
          )
        }
      />
      <Panel flush>
        {error && !data ? (
          <Failed error={error} again={() => refetch()} />
        ) : data ? (
          <RowList
            label="Webhooks"
            rows={data}
            columns={columns}
            keyOf={({ id }) => id}
            rowHeightPx={56}
            height="max-h-[max(20rem,calc(100dvh-9.5rem))]"
            empty={
              <Empty icon="webhooks" title="No webhook yet">
                <p className="mb-3">
                  Add one: paste the URL of your endpoint, choose the events, and let Enable Verification send it a test
                  payload.
                </p>
                <Link to="/settings/integrations/webhooks/new" className={buttonClass("plain")}>
                  Add Webhook
                </Link>
              </Empty>
            }
          />
        ) : (
          <Waiting className="h-[max(20rem,calc(100dvh-9.5rem))]" />
        )}
      </Panel>
    </>
  )
}

function Subscriptions({ events }: { events: readonly string[] }) {
  const [first, ...others] = events
  if (first === "*") return <span className="text-muted">all events</span>
  return (
    <span className="font-mono text-xs text-muted" title={events.join("\n")}>
      {first}
      {others.length > 0 && ` +${others.length}`}
    </span>
  )
}

const points = 24

function Day({ id, url }: { id: string; url: string }) {
  const { data } = useWebhookStats(id, "24h", points)
  if (!data) return <div className="h-6" />
  const attempts = data.attempts.succeeded + data.attempts.failed
  const says =
    attempts === 0
      ? `No attempts for ${url} in 24 hours`
      : `${percent(data.success_rate)} of ${count(attempts)} attempts for ${url} succeeded in 24 hours`
  return <Sparkline series={data.series} says={says} />
}

function P95({ id }: { id: string }) {
  const { data } = useWebhookStats(id, "24h", points)
  return milliseconds(data?.latency_ms?.p95)
}

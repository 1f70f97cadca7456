import type { Delivery, DeliveryFilter } from "@tocsin/client"
import { useLiveList } from "../live/live-list.ts"
import { RowLink } from "../parts/row-link.tsx"
import { type Column, RowList } from "../parts/row-list.tsx"
import { Empty, Failed, Waiting } from "../parts/states.tsx"
import { DeliveryBadge } from "../parts/status-badges.tsx"
import { OnPhone, Time } from "../parts/time.tsx"
import { tocsin } from "../tocsin.ts"
import { nameOf } from "../webhooks/webhook-name.ts"
import { useWebhooks } from "../webhooks/webhook-queries.ts"

const height = "h-[max(20rem,calc(100dvh-12.5rem))]"

function columns(names: ReadonlyMap<string, string>, withWebhook: boolean): readonly Column<Delivery>[] {
  return [
    { name: "State", width: "6.5rem", cell: ({ status }) => <DeliveryBadge status={status} /> },
    {
      name: "Event",
      width: "minmax(0, 2fr)",
      cell: ({ id, event_type, created }) => (
        <>
          <RowLink to={`/deliveries/${id}`} mono>
            {event_type}
          </RowLink>
          <OnPhone at={created} />
        </>
      ),
    },
    ...(withWebhook
      ? [
          {
            name: "Webhook",
            width: "minmax(0, 1.5fr)",
            from: "md" as const,
            cell: ({ webhook_id }: Delivery) => (
              <span className="text-muted">{names.get(webhook_id) ?? webhook_id}</span>
            ),
          },
        ]
      : []),
    { name: "Outcome", width: "minmax(9rem, 1fr)", from: "sm", cell: (delivery) => <Outcome delivery={delivery} /> },
    { name: "Attempts", width: "4.5rem", from: "lg", right: true, cell: ({ attempt_count }) => attempt_count },
    {
      name: "Next attempt",
      width: "7rem",
      from: "lg",
      cell: ({ next_attempt_at }) =>
        next_attempt_at === null ? (
          <span className="text-muted">–</span>
        ) : (
          <Time at={next_attempt_at} form="relative" />
        ),
    },
    {
      name: "Created",
      from: "sm",
      width: "8.5rem",
      right: true,
      cell: ({ created }) => (
        <span className="text-muted">
          <Time at={created} />
        </span>
      ),
    },
  ]
}

/** The log of deliveries, newest first. @param tail whether to show new ones as they come. */
export function DeliveryTable({ filter, tail }: { filter: DeliveryFilter; tail: boolean }) {
  const webhooks = useWebhooks()
  const names = new Map(webhooks.data?.map((webhook) => [webhook.id, nameOf(webhook)]))
  const { rows, query, more } = useLiveList(
    ["deliveries", filter],
    (cursor, signal) => tocsin.deliveries.list({ ...filter, limit: 200, cursor }, { signal }).page(),
    { on: tail, about: "attempt" },
  )
  if (query.error && rows.length === 0) return <Failed error={query.error} again={() => query.refetch()} />
  if (!query.data) return <Waiting className={height} />
  const narrowed = Object.keys(filter).some((name) => name !== "webhook_id")
  return (
    <RowList
      label="Deliveries"
      rows={rows}
      columns={columns(names, filter.webhook_id === undefined)}
      keyOf={({ id }) => id}
      more={more}
      loadingMore={query.isFetchingNextPage}
      height={height}
      empty={
        narrowed ? (
          <Empty icon="deliveries" title="No delivery fits">
            Take a filter away, or widen the time.
          </Empty>
        ) : (
          <Empty icon="deliveries" title="No delivery yet">
            Publish an event that a webhook subscribes to (<code className="font-mono">POST /v1/events</code>): it shows
            here as it happens.
          </Empty>
        )
      }
    />
  )
}

function Outcome({ delivery }: { delivery: Delivery }) {
  const { last_status_code: status, last_error_code: error } = delivery
  if (error !== null) {
    return (
      <span className="font-mono text-xs text-bad">
        {status !== null && `${status} `}
        {error}
      </span>
    )
  }
  return status === null ? (
    <span className="text-muted">–</span>
  ) : (
    <span className="font-mono text-xs text-good">{status}</span>
  )
}

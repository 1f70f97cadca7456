import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { Attempt, DeliveryDetail } from "@tocsin/client"
import { usePathPart } from "../parts/address.ts"
import { Badge } from "../parts/badge.tsx"
import { Button } from "../parts/button.tsx"
import { Code } from "../parts/code.tsx"
import { CopyButton } from "../parts/copy-button.tsx"
import { Facts } from "../parts/facts.tsx"
import { milliseconds } from "../parts/figures.ts"
import { HeadersTable } from "../parts/headers-table.tsx"
import { Icon } from "../parts/icons.tsx"
import { joined } from "../parts/joined.ts"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { Failed, Notice, Waiting } from "../parts/states.tsx"
import { DeliveryBadge, StatusCode } from "../parts/status-badges.tsx"
import { Time } from "../parts/time.tsx"
import { useMay } from "../session/session.ts"
import { tocsin, told } from "../tocsin.ts"
import { useWebhook } from "../webhooks/webhook-queries.ts"

export function DeliveryPage() {
  const id = usePathPart("id")
  const { data, error, refetch } = useQuery({
    queryKey: ["delivery", id],
    queryFn: ({ signal }) => tocsin.deliveries.get(id, { signal }),
  })
  if (error && !data) return <Failed error={error} again={() => refetch()} />
  if (!data) return <Waiting className="h-96" />
  return (
    <>
      <ScreenTitle
        title={<span className="font-mono text-lg">{data.event_type}</span>}
        above={
          <Link to="/deliveries" className="hover:underline">
            Deliveries
          </Link>
        }
        below={
          <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <DeliveryBadge status={data.status} />
            <span className="font-mono text-xs">{data.id}</span>
            <CopyButton text={data.id} what="the delivery's id" />
          </span>
        }
        actions={<RetryNow delivery={data} />}
      />
      <Verdict delivery={data} />
      <Particulars delivery={data} />
      <Timeline delivery={data} />
    </>
  )
}

function RetryNow({ delivery }: { delivery: DeliveryDetail }) {
  const queries = useQueryClient()
  const mayWrite = useMay("deliveries:write")
  const retry = useMutation({
    mutationFn: () => tocsin.deliveries.retry(delivery.id),
    onSettled: () => queries.invalidateQueries({ queryKey: ["delivery", delivery.id] }),
  })
  if (!mayWrite) return null
  return (
    <>
      {retry.error && (
        <p role="alert" className="text-sm text-bad">
          {told(retry.error)}
        </p>
      )}
      <Button look="primary" busy={retry.isPending} onClick={() => retry.mutate()}>
        <Icon name="retry" width={14} height={14} />
        Retry now
      </Button>
    </>
  )
}

const gaveUp: Readonly<Record<string, string>> = {
  attempts: "given up after the last attempt that its webhook allows",
  window: "given up at the end of its 24-hour window",
  gone: "given up because the endpoint answered 410 Gone",
}

/** Why it stands where it stands: the last failure's reason and what to do, before anything else. */
function Verdict({ delivery }: { delivery: DeliveryDetail }) {
  const last = delivery.attempts.at(-1)
  if (delivery.status === "delivered") return null
  if (!last?.error) return null
  return (
    <div className="mb-4">
      <Notice
        tone={delivery.status === "retrying" || delivery.status === "held" ? "warn" : "bad"}
        title={
          <>
            <code className="font-mono">{last.error.code}</code>: {last.error.message}
          </>
        }
      >
        <p>{last.error.hint}</p>
        {delivery.exhausted_because !== null && (
          <p className="mt-1">
            It was {gaveUp[delivery.exhausted_because] ?? delivery.exhausted_because}. Retry now gives it a fresh window
            and a fresh budget.
          </p>
        )}
        {delivery.next_attempt_at !== null && (
          <p className="mt-1">
            Next attempt <Time at={delivery.next_attempt_at} form="relative" /> (<Time at={delivery.next_attempt_at} />
            ).
          </p>
        )}
      </Notice>
    </div>
  )
}

function Particulars({ delivery }: { delivery: DeliveryDetail }) {
  const { data: webhook } = useWebhook(delivery.webhook_id)
  const event = useQuery({
    queryKey: ["event", delivery.event_id],
    queryFn: ({ signal }) => tocsin.events.get(delivery.event_id, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (
    <div className="mb-4 grid gap-4 xl:grid-cols-2">
      <Panel title="Delivery">
        <Facts
          facts={[
            [
              "Webhook",
              <Link
                key="webhook"
                to="/settings/integrations/webhooks/$id"
                params={{ id: delivery.webhook_id }}
                className="text-accent hover:underline"
              >
                {webhook?.url ?? delivery.webhook_id}
              </Link>,
            ],
            [
              "Event",
              <Link
                key="event"
                to="/events/$id"
                params={{ id: delivery.event_id }}
                className="font-mono text-xs text-accent hover:underline"
              >
                {delivery.event_id}
              </Link>,
            ],
            ["Sequence", delivery.sequence],
            ["Ordering key", delivery.ordering_key ?? "–"],
            ["Attempts", delivery.attempt_count],
            ["Created", <Time key="created" at={delivery.created} form="full" />],
            ["Ended", delivery.ended_at === null ? "not yet" : <Time key="ended" at={delivery.ended_at} form="full" />],
            ["Replay", delivery.replay_id ?? "–"],
          ]}
        />
      </Panel>
      <Panel title="Body" note="The same bytes with every attempt">
        {event.data ? (
          <Code text={event.data.payload} what="Request body" />
        ) : event.error ? (
          <Failed error={event.error} />
        ) : (
          <Waiting />
        )}
      </Panel>
    </div>
  )
}

function Timeline({ delivery }: { delivery: DeliveryDetail }) {
  const newestFirst = delivery.attempts.toReversed()
  return (
    <Panel title="Attempts" note={delivery.attempts.length === 0 ? undefined : "Newest first"}>
      {delivery.next_attempt_at !== null && (
        <p className="mb-3 text-sm text-muted">
          Attempt {delivery.attempt_count + 1} is due <Time at={delivery.next_attempt_at} form="relative" />.
        </p>
      )}
      {newestFirst.length === 0 && <p className="text-sm text-muted">None yet.</p>}
      <ol className="space-y-2 border-l border-line pl-4">
        {newestFirst.map((attempt, at) => (
          <AttemptEntry key={attempt.number} attempt={attempt} open={at === 0} />
        ))}
      </ol>
    </Panel>
  )
}

function AttemptEntry({ attempt, open }: { attempt: Attempt; open: boolean }) {
  const good = attempt.error === null
  return (
    <li className="relative">
      <span
        aria-hidden="true"
        className={joined(
          "absolute top-2.5 -left-[21px] size-2.5 rounded-full ring-4 ring-surface",
          good ? "bg-good" : "bg-bad",
        )}
      />
      <details open={open} className="rounded-md border border-line">
        <summary className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 text-sm">
          <span className="font-medium">Attempt {attempt.number}</span>
          <StatusCode code={attempt.status_code} delivered={good} />
          {attempt.error !== null && <Badge tone="bad">{attempt.error.code}</Badge>}
          <Badge tone="idle">{milliseconds(attempt.duration_ms)}</Badge>
          <span className="ml-auto text-xs text-muted">
            <Time at={attempt.at} />
          </span>
        </summary>
        <div className="space-y-3 border-t border-line p-3">
          {attempt.error !== null && (
            <Notice tone="bad" title={attempt.error.message}>
              {attempt.error.hint}
            </Notice>
          )}
          <div className="grid gap-3 xl:grid-cols-2">
            <HeadersTable headers={attempt.request_headers} what="Request headers" />
            <div className="min-w-0 space-y-3">
              <HeadersTable headers={attempt.response_headers} what="Response headers" />
              <Code text={attempt.response_body} what="Response body" />
            </div>
          </div>
        </div>
      </details>
    </li>
  )
}

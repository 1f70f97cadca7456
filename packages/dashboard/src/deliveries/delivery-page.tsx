import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { Attempt, DeliveryDetail } from "@tocsin/client"
import type { ReactNode } from "react"
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
import { duration, Time } from "../parts/time.tsx"
import { useMay } from "../session/session.ts"
import { tocsin, told } from "../tocsin.ts"
import { nameOf } from "../webhooks/webhook-name.ts"
import { useWebhook } from "../webhooks/webhook-queries.ts"
import { useOverdue, WhyNotSent } from "./why-not-sent.tsx"

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
        name={`${data.event_type}, delivery ${data.id}`}
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
      <WhyNotSent delivery={data} />
      <Verdict delivery={data} />
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,5fr)_minmax(0,3fr)]">
        <Timeline delivery={data} />
        <Particulars delivery={data} />
      </div>
    </>
  )
}

function RetryNow({ delivery }: { delivery: DeliveryDetail }) {
  const queries = useQueryClient()
  const mayWrite = useMay("deliveries:write") && delivery.status !== "cancelled"
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
            <NextAttempt delivery={delivery} at={delivery.next_attempt_at} /> (<Time at={delivery.next_attempt_at} />
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
    <div className="min-w-0 space-y-4">
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
                {webhook ? nameOf(webhook) : delivery.webhook_id}
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
            ["Ordering key", delivery.ordering_key || "–"],
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

/** From what comes next down to the acceptance. */
function Timeline({ delivery }: { delivery: DeliveryDetail }) {
  const newestFirst = delivery.attempts.toReversed()
  return (
    <Panel title="Attempts" note="Newest first">
      <ol className="ml-1.5 space-y-3 border-l border-line pl-5">
        {delivery.next_attempt_at !== null && (
          <Milestone tone="next">
            <NextAttempt delivery={delivery} at={delivery.next_attempt_at} />
            <span className="ml-auto text-xs text-muted">
              <Time at={delivery.next_attempt_at} />
            </span>
          </Milestone>
        )}
        {delivery.status === "held" && <Milestone tone="next">Held until its webhook sends again</Milestone>}
        {newestFirst.map((attempt, at) => (
          <AttemptEntry
            key={`${attempt.number} ${attempt.at}`}
            attempt={attempt}
            before={newestFirst[at + 1]}
            open={at === 0}
            reasonAbove={at === 0 && delivery.status !== "delivered"}
          />
        ))}
        <Milestone tone="past">
          {delivery.replay_id === null ? "Event accepted" : "Asked for by a replay"}
          <span className="ml-auto text-xs text-muted">
            <Time at={delivery.created} />
          </span>
        </Milestone>
      </ol>
    </Panel>
  )
}

/** A time that has passed is not the next attempt's: it is since when the delivery waits. */
function NextAttempt({ delivery, at }: { delivery: DeliveryDetail; at: string }) {
  const overdue = useOverdue(delivery)
  return (
    <span>
      {overdue ? "Due" : "Next attempt"} <Time at={at} form="relative" />
    </span>
  )
}

function Milestone({ tone, children }: { tone: "next" | "past"; children: ReactNode }) {
  return (
    <li className="relative flex flex-wrap items-center gap-x-1.5 py-0.5 pr-3 text-sm text-muted">
      <span
        aria-hidden="true"
        className={joined(
          dot,
          "top-1.5",
          tone === "next" ? "border-2 border-warn bg-surface" : "border-2 border-edge bg-surface",
        )}
      />
      {children}
    </li>
  )
}

const dot = "absolute -left-[25.5px] size-2.5 rounded-full ring-4 ring-surface"

/** @param reasonAbove whether its reason stands above already. */
function AttemptEntry({
  attempt,
  before,
  open,
  reasonAbove,
}: {
  attempt: Attempt
  before: Attempt | undefined
  open: boolean
  reasonAbove: boolean
}) {
  const good = attempt.error === null
  return (
    <li className="relative">
      <span aria-hidden="true" className={joined(dot, "top-3.5", good ? "bg-good" : "bg-bad")} />
      <details open={open} className="rounded-md border border-line">
        <summary className="flex flex-wrap items-center gap-x-3 gap-y-1 px-3 py-2 text-sm">
          <span className="font-medium">Attempt {attempt.number}</span>
          <StatusCode code={attempt.status_code} delivered={good} />
          {attempt.error !== null && <Badge tone="bad">{attempt.error.code}</Badge>}
          <Badge tone="idle">{milliseconds(attempt.duration_ms)}</Badge>
          <span className="ml-auto text-xs text-muted">
            {before && `${duration(Date.parse(attempt.at) - Date.parse(before.at))} later, `}
            <Time at={attempt.at} />
          </span>
        </summary>
        <div className="space-y-3 border-t border-line p-3">
          {attempt.error !== null && !reasonAbove && (
            <Notice tone="bad" title={attempt.error.message}>
              {attempt.error.hint}
            </Notice>
          )}
          <div className="grid gap-3 2xl:grid-cols-2">
            <div className="min-w-0 space-y-3">
              <Code text={attempt.response_body} what="Response body" />
              <HeadersTable headers={attempt.response_headers} what="Response headers" />
            </div>
            <HeadersTable headers={attempt.request_headers} what="Request headers" />
          </div>
        </div>
      </details>
    </li>
  )
}

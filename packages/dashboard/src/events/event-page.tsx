import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { EventDetail, EventMatch } from "@tocsin/client"
import { usePathPart } from "../parts/address.ts"
import { Badge } from "../parts/badge.tsx"
import { Code } from "../parts/code.tsx"
import { CopyButton } from "../parts/copy-button.tsx"
import { Facts } from "../parts/facts.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { Empty, Failed, Waiting } from "../parts/states.tsx"
import { DeliveryBadge } from "../parts/status-badges.tsx"
import { Time } from "../parts/time.tsx"
import { tocsin } from "../tocsin.ts"
import { nameOf } from "../webhooks/webhook-name.ts"

export function EventPage() {
  const id = usePathPart("id")
  const { data, error, refetch } = useQuery({
    queryKey: ["event", id],
    queryFn: ({ signal }) => tocsin.events.get(id, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
  if (error && !data) return <Failed error={error} again={() => refetch()} />
  if (!data) return <Waiting className="h-96" />
  return (
    <>
      <ScreenTitle
        title={<span className="font-mono text-lg">{data.type}</span>}
        name={`${data.type}, event ${data.id}`}
        above={
          <Link to="/events" className="hover:underline">
            Events
          </Link>
        }
        below={
          <span className="flex flex-wrap items-center gap-2">
            <span className="font-mono text-xs">{data.id}</span>
            <CopyButton text={data.id} what="the event's id" />
          </span>
        }
      />
      <div className="grid gap-4 xl:grid-cols-2">
        <div className="min-w-0 space-y-4">
          <Panel title="Event">
            <EventFacts event={data} />
          </Panel>
          <Matches event={data} />
        </div>
        <Panel title="Payload" note="Byte for byte as receivers get it">
          <Code text={data.payload} what="Payload" tall />
        </Panel>
      </div>
    </>
  )
}

function EventFacts({ event }: { event: EventDetail }) {
  const { severity, environment, cloud_provider, resource_id } = event.attributes
  // Undefined: events of this type do not carry it. Null: this one should, and does not.
  const shown = (value: string | null | undefined) =>
    value === undefined ? "not carried by this type" : (value ?? "none")
  return (
    <Facts
      facts={[
        ["Created", <Time key="created" at={event.created} form="full" />],
        ["Accepted", <Time key="accepted" at={event.accepted} form="full" />],
        ["Severity", shown(severity)],
        ["Environment", shown(environment)],
        ["Cloud provider", shown(cloud_provider)],
        ["Resource", shown(resource_id)],
        ["Ordering key", event.ordering_key ?? "–"],
        ["Idempotency key", event.idempotency_key ?? "–"],
      ]}
    />
  )
}

/** Each webhook, and why the event went there or did not. */
function Matches({ event }: { event: EventDetail }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["event-matches", event.id],
    queryFn: ({ signal }) => tocsin.events.matches(event.id, { signal }),
  })
  return (
    <Panel flush title="Webhooks" note="Matched or not, and why not" className="min-h-32">
      {error && !data ? <Failed error={error} again={() => refetch()} /> : null}
      {data?.length === 0 && (
        <Empty icon="webhooks" title="No webhook to match">
          <Link to="/settings/integrations/webhooks/new">Add one</Link>, and later events find it.
        </Empty>
      )}
      <ul className="divide-y divide-line">
        {data
          ?.toSorted((a, b) => Number(b.outcome === "sent") - Number(a.outcome === "sent"))
          .map((match) => (
            <MatchEntry key={match.webhook_id} match={match} />
          ))}
      </ul>
    </Panel>
  )
}

function MatchEntry({ match }: { match: EventMatch }) {
  return (
    <li className="px-4 py-3 text-sm">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone={match.outcome === "sent" ? "good" : "idle"}>
          {match.outcome === "sent" ? "Matched" : "Not matched"}
        </Badge>
        <Link
          to="/settings/integrations/webhooks/$id"
          params={{ id: match.webhook_id }}
          className="min-w-0 font-medium wrap-anywhere hover:text-accent"
        >
          {nameOf({ url: match.url ?? match.webhook_id, description: match.description })}
        </Link>
      </div>
      {match.outcome === "sent" ? (
        <ul className="mt-2 space-y-1">
          {match.deliveries.map(({ id, status }) => (
            <li key={id} className="flex flex-wrap items-center gap-2">
              <DeliveryBadge status={status} />
              <Link to="/deliveries/$id" params={{ id }} className="font-mono text-xs text-accent hover:underline">
                {id}
              </Link>
            </li>
          ))}
        </ul>
      ) : (
        <p className="mt-1 text-muted">{whyNot(match)}</p>
      )}
    </li>
  )
}

const filterNames = { severity: "severity", environments: "environment", cloud_providers: "cloud provider" } as const

function whyNot(match: EventMatch): string {
  const wanted = match.wanted.join(", ")
  switch (match.outcome) {
    case "event_type":
      return `It does not subscribe to this type, but to ${wanted}.`
    case "about_itself":
      return "It tells of this webhook's own trouble: another endpoint is told of that."
    case "filter": {
      const name = match.criterion === null ? "filter" : filterNames[match.criterion]
      const has = match.value === null ? `the event has no ${name}` : `the event's ${name} is ${match.value}`
      return `Its filter lets through ${name} ${wanted}; ${has}.`
    }
    case "created_later":
      return "It was added after this event. A replay can still send it."
    case "changed_since":
      return "It would match by its present settings, but did not when the event was accepted. A replay can still send it."
    case "sent":
      return ""
  }
}

import { Link } from "@tanstack/react-router"
import type { Event, EventFilter } from "@tocsin/client"
import { type FormEvent, useState } from "react"
import { useLiveList } from "../live/live-list.ts"
import { useAddress } from "../parts/address.ts"
import { Button } from "../parts/button.tsx"
import { inputClass } from "../parts/field.tsx"
import { FilterSelect } from "../parts/filter-select.tsx"
import { Icon } from "../parts/icons.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { RowLink } from "../parts/row-link.tsx"
import { type Column, RowList } from "../parts/row-list.tsx"
import { Empty, Failed, Waiting } from "../parts/states.tsx"
import { SeverityBadge } from "../parts/status-badges.tsx"
import { OnPhone, Time } from "../parts/time.tsx"
import { TimeBounds, TimeSelect, useTimeFilter } from "../parts/time-filter.tsx"
import { tocsin } from "../tocsin.ts"
import { useCatalogue } from "../webhooks/webhook-queries.ts"

const columns: readonly Column<Event>[] = [
  {
    name: "Type",
    width: "minmax(0, 2fr)",
    cell: ({ id, type, accepted }) => (
      <>
        <RowLink to={`/events/${id}`} mono>
          {type}
        </RowLink>
        <OnPhone at={accepted} />
      </>
    ),
  },
  {
    name: "Severity",
    width: "5.5rem",
    from: "sm",
    cell: ({ attributes: { severity } }) =>
      severity ? <SeverityBadge severity={severity} /> : <span className="text-muted">–</span>,
  },
  {
    name: "Resource",
    width: "minmax(0, 2fr)",
    from: "md",
    cell: ({ attributes }) => <span className="font-mono text-xs text-muted">{attributes.resource_id ?? "–"}</span>,
  },
  {
    name: "Id",
    width: "minmax(0, 1.5fr)",
    from: "lg",
    cell: ({ id }) => <span className="font-mono text-xs text-muted">{id}</span>,
  },
  {
    name: "Webhooks",
    width: "5rem",
    right: true,
    cell: ({ deliveries }) => (deliveries === 0 ? <span className="text-muted">no match</span> : deliveries),
  },
  {
    name: "Accepted",
    from: "sm",
    width: "8.5rem",
    right: true,
    cell: ({ accepted }) => (
      <span className="text-muted">
        <Time at={accepted} />
      </span>
    ),
  },
]

const height = "h-[max(20rem,calc(100dvh-12.5rem))]"

export function EventList() {
  const [address, setAddress] = useAddress()
  const catalogue = useCatalogue()
  const [tail, setTail] = useState(true)
  const time = useTimeFilter()
  const filter: EventFilter = {
    ...(address.type !== undefined && { type: address.type }),
    ...(address.text !== undefined && { text: address.text }),
    ...time.range,
  }
  const { rows, query, more } = useLiveList(
    ["events", filter],
    (cursor, signal) => tocsin.events.list({ ...filter, limit: 200, cursor }, { signal }).page(),
    { on: tail, about: "event" },
  )
  const search = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const text = String(new FormData(event.currentTarget).get("text") ?? "").trim()
    setAddress({ text: text === "" ? undefined : text })
  }
  return (
    <>
      <ScreenTitle
        title="Events"
        below="What was published in this workspace"
        actions={
          <Button aria-pressed={tail} onClick={() => setTail(!tail)}>
            <Icon name={tail ? "pause" : "play"} width={14} height={14} />
            {tail ? "Pause live tail" : "Live tail"}
          </Button>
        }
      />
      <Panel flush>
        <div className="grid grid-cols-2 gap-2 border-b border-line p-3 md:grid-cols-3">
          <FilterSelect
            label="Event type"
            any="Any type"
            options={catalogue.data?.map(({ name }) => [name, name]) ?? []}
            value={address.type}
            choose={(type) => setAddress({ type })}
          />
          <TimeSelect time={time} />
          <form onSubmit={search} className="max-md:col-span-2">
            <input
              key={address.text}
              type="search"
              name="text"
              aria-label="Text in the payload"
              placeholder="Text in the payload"
              defaultValue={address.text ?? ""}
              className={inputClass}
            />
          </form>
          <TimeBounds time={time} />
        </div>
        {query.error && rows.length === 0 ? (
          <Failed error={query.error} again={() => query.refetch()} />
        ) : query.data ? (
          <RowList
            label="Events"
            rows={rows}
            columns={columns}
            keyOf={({ id }) => id}
            more={more}
            loadingMore={query.isFetchingNextPage}
            height={height}
            empty={
              Object.keys(filter).length > 0 ? (
                <Empty icon="events" title="No event fits">
                  Take a filter away, or widen the time.
                </Empty>
              ) : (
                <Empty icon="events" title="Nothing was published yet">
                  <code className="font-mono">POST /v1/events</code> with a type of the{" "}
                  <Link to="/event-types">catalogue</Link> and its data; the <Link to="/reference">API reference</Link>{" "}
                  has the details.
                </Empty>
              )
            }
          />
        ) : (
          <Waiting className={height} />
        )}
      </Panel>
    </>
  )
}

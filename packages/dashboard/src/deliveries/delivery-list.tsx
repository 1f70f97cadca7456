import { useNavigate } from "@tanstack/react-router"
import type { DeliveryFilter, DeliveryStatus } from "@tocsin/client"
import { type FormEvent, useState } from "react"
import { useAddress } from "../parts/address.ts"
import { Button } from "../parts/button.tsx"
import { inputClass } from "../parts/field.tsx"
import { FilterSelect } from "../parts/filter-select.tsx"
import { Icon } from "../parts/icons.tsx"
import { Panel, ScreenTitle } from "../parts/panel.tsx"
import { TimeBounds, TimeSelect, useTimeFilter } from "../parts/time-filter.tsx"
import { nameOf } from "../webhooks/webhook-name.ts"
import { useCatalogue, useWebhooks } from "../webhooks/webhook-queries.ts"
import { DeliveryTable } from "./delivery-table.tsx"

const states: readonly DeliveryStatus[] = [
  "pending",
  "held",
  "retrying",
  "delivered",
  "exhausted",
  "expired",
  "cancelled",
]

export function DeliveryList() {
  const [address, setAddress] = useAddress()
  const catalogue = useCatalogue()
  const webhooks = useWebhooks()
  const [tail, setTail] = useState(true)
  const time = useTimeFilter()
  const status = states.find((each) => each === address.status)
  const filter: DeliveryFilter = {
    ...(status && { status }),
    ...(address.type !== undefined && { event_type: address.type }),
    ...(address.webhook !== undefined && { webhook_id: address.webhook }),
    ...(address.event !== undefined && { event_id: address.event }),
    ...time.range,
  }
  return (
    <>
      <ScreenTitle
        title="Deliveries"
        below="Each event on its way to each webhook"
        actions={
          <Button aria-pressed={tail} onClick={() => setTail(!tail)}>
            <Icon name={tail ? "pause" : "play"} width={14} height={14} />
            {tail ? "Pause live tail" : "Live tail"}
          </Button>
        }
      />
      <Panel flush>
        <div className="grid grid-cols-2 gap-2 border-b border-line p-3 md:grid-cols-5">
          <FilterSelect
            label="State"
            any="Any state"
            options={states.map((each) => [each, each])}
            value={status}
            choose={(chosen) => setAddress({ status: chosen })}
          />
          <FilterSelect
            label="Event type"
            any="Any type"
            options={catalogue.data?.map(({ name }) => [name, name]) ?? []}
            value={address.type}
            choose={(type) => setAddress({ type })}
          />
          <FilterSelect
            label="Webhook"
            any="Any webhook"
            options={webhooks.data?.map((webhook) => [webhook.id, nameOf(webhook)]) ?? []}
            value={address.webhook}
            choose={(webhook) => setAddress({ webhook })}
          />
          <TimeSelect time={time} />
          <IdSearch present={address.event} choose={(event) => setAddress({ event })} />
          <TimeBounds time={time} />
        </div>
        <DeliveryTable filter={filter} tail={tail} />
      </Panel>
    </>
  )
}

/** Takes an id of a delivery, which it opens, or of an event, whose deliveries it shows. */
function IdSearch({ present, choose }: { present: string | undefined; choose: (event: string | undefined) => void }) {
  const navigate = useNavigate()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const id = String(new FormData(event.currentTarget).get("id") ?? "").trim()
    if (id.startsWith("dlv_")) navigate({ to: "/deliveries/$id", params: { id } })
    else choose(id === "" ? undefined : id)
  }
  return (
    <form onSubmit={submit} className="max-md:col-span-2">
      <input
        key={present}
        type="search"
        name="id"
        aria-label="Id of a delivery or an event"
        placeholder="Delivery or event id"
        defaultValue={present ?? ""}
        className={inputClass}
      />
    </form>
  )
}

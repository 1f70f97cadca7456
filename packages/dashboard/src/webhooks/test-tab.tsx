import { useMutation, useQueryClient } from "@tanstack/react-query"
import type { EventType, Webhook } from "@tocsin/client"
import { useEffect, useRef, useState } from "react"
import { useAddress } from "../parts/address.ts"
import { Button } from "../parts/button.tsx"
import { SelectField } from "../parts/field.tsx"
import { Icon } from "../parts/icons.tsx"
import { Panel } from "../parts/panel.tsx"
import { Failed } from "../parts/states.tsx"
import { useMay } from "../session/session.ts"
import { tocsin } from "../tocsin.ts"
import { ProbeResult } from "./probe-result.tsx"
import { useCatalogue } from "./webhook-queries.ts"

/** A test event, or the verification payload, sent now and outside the queue. */
export function TestTab({ webhook }: { webhook: Webhook }) {
  const [{ verify: verifyNow }, setAddress] = useAddress()
  const queries = useQueryClient()
  const catalogue = useCatalogue()
  const mayWrite = useMay("webhooks:write")
  const [type, setType] = useState("")
  const send = useMutation({
    mutationFn: (what: "verification" | "test") =>
      what === "verification"
        ? tocsin.webhooks.verify(webhook.id)
        : tocsin.webhooks.test(webhook.id, type === "" ? {} : { event_type: type }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["webhook", webhook.id] }),
  })
  // Where the webhook was just added or changed and has to be verified, the payload goes out without a further click: once.
  const begun = useRef(false)
  useEffect(() => {
    const asked = verifyNow === "now"
    if (asked && !begun.current) {
      setAddress({ verify: undefined })
      send.mutate("verification")
    }
    // Asked for again, by the link above the tabs, it goes out again.
    begun.current = asked
  }, [verifyNow, setAddress, send.mutate])
  const subscribed = catalogue.data?.filter((type) => covered(webhook.events, type)) ?? []
  const others = catalogue.data?.filter((type) => !covered(webhook.events, type)) ?? []
  return (
    <div className="space-y-4">
      <Panel
        title="Send test event"
        note="Sent now and signed like any other, with the header Test: true; not queued, not logged"
      >
        <div className="flex flex-wrap items-end gap-3">
          <div className="min-w-0 flex-1 basis-64">
            <SelectField label="Event type" value={type} onChange={(event) => setType(event.target.value)}>
              <option value="">The first it subscribes to</option>
              <optgroup label="Subscribed">
                {subscribed.map(({ name }) => (
                  <option key={name}>{name}</option>
                ))}
              </optgroup>
              {others.length > 0 && (
                <optgroup label="Others">
                  {others.map(({ name }) => (
                    <option key={name}>{name}</option>
                  ))}
                </optgroup>
              )}
            </SelectField>
          </div>
          <div className="flex flex-wrap gap-2 pb-1">
            <Button look="primary" disabled={!mayWrite} busy={send.isPending} onClick={() => send.mutate("test")}>
              <Icon name="play" width={14} height={14} /> Send
            </Button>
            {webhook.verification.enabled && (
              <Button disabled={!mayWrite} busy={send.isPending} onClick={() => send.mutate("verification")}>
                {webhook.verification.verified_at === null ? "Send verification payload" : "Verify again"}
              </Button>
            )}
          </div>
        </div>
      </Panel>
      {send.error && <Failed error={send.error} />}
      {send.data && <ProbeResult probe={send.data} url={webhook.url} />}
    </div>
  )
}

function covered(subscriptions: readonly string[], { name, origin }: EventType): boolean {
  // What Tocsin tells of its own work must be named.
  if (origin === "tocsin") return subscriptions.includes(name)
  return subscriptions.some(
    (each) => each === "*" || each === name || (each.endsWith(".*") && name.startsWith(each.slice(0, -1))),
  )
}

import { Link } from "@tanstack/react-router"
import type { DeliveryDetail, Webhook } from "@tocsin/client"
import type { ReactNode } from "react"
import { Notice } from "../parts/states.tsx"
import { useNow } from "../parts/time.tsx"
import { useWebhook } from "../webhooks/webhook-queries.ts"

/** What is due is sent at once; what is due for longer than this waits for something else. */
const soonMs = 3_000

/** Whether the time of the next attempt has come and gone. */
export function useOverdue({ next_attempt_at }: Pick<DeliveryDetail, "next_attempt_at">): boolean {
  const now = useNow(1_000)
  return next_attempt_at !== null && Date.parse(next_attempt_at) < now - soonMs
}

/** What keeps a delivery from being sent other than its own last failure, and what to do; nothing where nothing does. */
export function WhyNotSent({ delivery }: { delivery: DeliveryDetail }) {
  // A deleted webhook is not asked for: it is not found, and the delivery itself says so.
  return delivery.status === "cancelled" ? (
    <Said tone="info" title="Cancelled: its webhook was deleted">
      Nothing is sent to it any more. A <WebhookLink>webhook</WebhookLink> that should get this event gets it by a
      replay.
    </Said>
  ) : (
    <WhyNotYet delivery={delivery} />
  )
}

function WhyNotYet({ delivery }: { delivery: DeliveryDetail }) {
  const { data: webhook } = useWebhook(delivery.webhook_id)
  const overdue = useOverdue(delivery)
  switch (delivery.status) {
    case "held":
      return (
        <Said tone="warn" title={`Held: its webhook is ${webhook ? whyHeld(webhook) : "not sent to at present"}`}>
          It goes out once the <WebhookLink id={delivery.webhook_id}>webhook</WebhookLink> sends again, if that is
          within its 24 hours.
        </Said>
      )
    case "expired":
      return (
        <Said tone="bad" title="Expired: its 24 hours ended before it could be sent">
          Its <WebhookLink id={delivery.webhook_id}>webhook</WebhookLink> did not send for that long, or earlier
          deliveries kept it waiting. Once that is mended, Retry now gives it a fresh window and a fresh budget.
        </Said>
      )
    case "pending":
    case "retrying":
      return overdue && webhook ? <WaitsForItsTurn webhook={webhook} /> : null
    case "delivered":
    case "exhausted":
    case "cancelled":
      return null
  }
}

function WaitsForItsTurn({ webhook }: { webhook: Webhook }) {
  return (
    <Said tone="info" title="It waits for its turn">
      {turns[webhook.ordering]}{" "}
      {webhook.consecutive_failures > 0 && "The endpoint fails at present: what it fails with is the thing to mend. "}
      <Link to="/deliveries" search={{ webhook: webhook.id, status: "retrying" }} className="font-medium underline">
        See what is being retried
      </Link>
      .
    </Said>
  )
}

const turns = {
  strict:
    "Its webhook gets one delivery at a time, in order: this one follows when those before it have arrived or ended.",
  by_key:
    "Its webhook gets one delivery at a time for each ordering key: this one follows when those before it have arrived or ended.",
  none: "Its webhook's rate limit, or as many deliveries as may be under way at once, come first.",
} as const satisfies Record<Webhook["ordering"], string>

function whyHeld({ status, disabled_reason }: Webhook): string {
  switch (status) {
    case "inactive":
      return "paused"
    case "unverified":
      return "not verified yet"
    case "disabled":
      return disabled_reason === "gone"
        ? "disabled, as it answered 410 Gone"
        : "disabled after five days without success"
    case "active":
    case "deleted":
      return "not sent to at present"
  }
}

function WebhookLink({ id, children }: { id?: string; children: ReactNode }) {
  const to = `/settings/integrations/webhooks${id === undefined ? "" : `/${id}`}`
  return (
    <Link to={to} className="font-medium underline">
      {children}
    </Link>
  )
}

function Said({ tone, title, children }: { tone: "bad" | "warn" | "info"; title: string; children: ReactNode }) {
  return (
    <div className="mb-4">
      <Notice tone={tone} title={title}>
        {children}
      </Notice>
    </div>
  )
}

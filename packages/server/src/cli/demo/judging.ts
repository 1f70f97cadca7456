import type { DeliveryDetail } from "@tocsin/client"
import type { ScriptedEvent, ScriptedWebhook } from "./cast.ts"
import type { Arrival, Endpoint } from "./receivers.ts"

export type PublishedEvent = ScriptedEvent & { readonly id: string }

export type Row = {
  readonly webhook: string
  readonly profile: string
  /** Events published in its workspace, and how many of them are its own. */
  readonly published: number
  readonly matched: number
  readonly delivered: number
  readonly attempts: number
  /** Attempts whose signature the document's code accepted. */
  readonly verified: number
  /** Null where no order was asked for. */
  readonly orderKept: boolean | null
}

export type Judgement = { readonly row: Row; readonly failures: readonly string[] }

/** Compares what a webhook got, and what the delivery log says, with what it had to get. Pure. */
export function judge(
  webhook: ScriptedWebhook,
  published: readonly PublishedEvent[],
  endpoint: Endpoint,
  deliveries: readonly DeliveryDetail[],
): Judgement {
  const { arrivals, refused } = endpoint
  const due = published.filter(({ goesTo }) => goesTo.includes(webhook.name))
  const kept = arrivals.filter((arrival) => arrival.kept)
  const attempts = deliveries.reduce((sum, { attempts }) => sum + attempts.length, 0)
  const failed = deliveries.flatMap((delivery) => delivery.attempts).filter(({ error }) => error !== null)
  const orderKept = webhook.ordered ? inOrder(arrivals, due) : null

  const failures: string[] = []
  const expect = (what: string, is: number, must: number) => {
    if (is !== must) failures.push(`${webhook.name}: ${what} ${is}, not ${must}`)
  }
  expect("matched", deliveries.length, due.length)
  expect("delivered", deliveries.filter(({ status }) => status === "delivered").length, due.length)
  expect("events kept by the receiver", new Set(kept.map(({ id }) => id)).size, due.length)
  expect("attempts that failed", failed.length, webhook.failures)
  expect("signatures verified", arrivals.length, attempts)
  expect("signatures refused", refused.length, 0)
  const altered = arrivals.filter((arrival) => !carriesData(arrival, due))
  expect("events whose data was altered, or was another's,", altered.length, 0)
  if (orderKept === false) failures.push(`${webhook.name}: the order was not kept`)

  const delivered = deliveries.filter(({ status }) => status === "delivered").length
  const row = {
    webhook: webhook.name,
    profile: webhook.profile,
    published: published.length,
    matched: deliveries.length,
    delivered,
    attempts,
    verified: arrivals.length,
    orderKept,
  }
  return { row, failures }
}

/** Each event until it is kept, then the next; tries of two events never alternate. */
function inOrder(arrivals: readonly Arrival[], due: readonly PublishedEvent[]): boolean {
  let at = 0
  for (const { id, kept } of arrivals) {
    if (id !== due[at]?.id) return false
    if (kept) at += 1
  }
  return at === due.length
}

function carriesData(arrival: Arrival, due: readonly PublishedEvent[]): boolean {
  const event = due.find(({ id }) => id === arrival.id)
  return event !== undefined && arrival.body.includes(`"data":${event.dataText}`)
}

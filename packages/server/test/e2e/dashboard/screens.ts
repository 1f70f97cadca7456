import type { Tocsin } from "../../../../client/src/index.ts"

/** Every screen of the dashboard, by name, with an address at which there is something to see. */
export async function screensOf(tocsin: Tocsin): Promise<readonly (readonly [name: string, path: string])[]> {
  const { data: webhooks } = await tocsin.webhooks.list().page()
  const sending = webhooks.filter(({ status }) => status === "active")
  const failing = sending.find(({ consecutive_failures }) => consecutive_failures > 0) ?? webhooks[0]
  const fine = sending.filter((each) => each.consecutive_failures === 0 && each.last_success_at !== null)
  // The oldest with something particular about it.
  const well = fine.findLast(({ filters }) => filters !== null) ?? fine.at(-1) ?? webhooks[0]
  const { data: failed } = await tocsin.deliveries.list({ ...(failing && { webhook_id: failing.id }) }).page()
  const { data: events } = await tocsin.events.list().page()
  const event =
    events.find(({ type, deliveries }) => type === "policy.violation.created" && deliveries > 1) ??
    events.find(({ deliveries }) => deliveries > 0) ??
    events[0]
  if (!failing || !well || !event) throw new Error("there is nothing to see")
  const [delivery] = failed.toSorted((one, other) => other.attempt_count - one.attempt_count)
  const webhook = `/settings/integrations/webhooks/${well.id}`
  return [
    ["overview", "/"],
    ["webhooks", "/settings/integrations/webhooks"],
    ["add-webhook", "/settings/integrations/webhooks/new"],
    ["edit-webhook", `${webhook}/edit`],
    ["webhook", webhook],
    ["webhook-deliveries", `${webhook}?tab=deliveries`],
    ["webhook-test", `${webhook}?tab=test`],
    ["webhook-replay", `${webhook}?tab=replay`],
    ["webhook-secret", `${webhook}?tab=secret`],
    ["webhook-code", `${webhook}?tab=code`],
    ["webhook-settings", `${webhook}?tab=settings`],
    ["deliveries", "/deliveries"],
    ...(delivery ? [["delivery", `/deliveries/${delivery.id}`] as const] : []),
    ["events", "/events"],
    ["event", `/events/${event.id}`],
    ["event-types", "/event-types"],
    ["event-type", `/event-types/${event.type}`],
    ["api-keys", "/api-keys"],
    ["audit-log", "/audit-log"],
    ["reference", "/reference"],
  ]
}

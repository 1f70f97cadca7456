import type { Tocsin } from "../../../../client/src/index.ts"

/** Every screen of the dashboard, by name, with an address at which there is something to see. */
export async function screensOf(tocsin: Tocsin): Promise<readonly (readonly [name: string, path: string])[]> {
  const { data: webhooks } = await tocsin.webhooks.list().page()
  const failing = webhooks.find(({ consecutive_failures }) => consecutive_failures > 0) ?? webhooks[0]
  const well = webhooks.find(({ last_success_at }) => last_success_at !== null) ?? webhooks[0]
  const { data: failed } = await tocsin.deliveries.list({ ...(failing && { webhook_id: failing.id }) }).page()
  const { data: events } = await tocsin.events.list().page()
  const event = events.find(({ deliveries }) => deliveries > 0) ?? events[0]
  if (!failing || !well || !event) throw new Error("there is nothing to see")
  const delivery = failed.find(({ attempt_count }) => attempt_count > 0) ?? failed[0]
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

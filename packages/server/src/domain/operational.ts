/**
 * Events that Tocsin publishes about its own work, in every workspace. They go only to webhooks that name them: neither
 * `*` nor a family such as `webhook.*` covers them, so that nobody's receiver gets what it does not know.
 */
export const operationalTypes = ["webhook.disabled", "delivery.exhausted", "backlog.growing"] as const
export type OperationalType = (typeof operationalTypes)[number]

/** Of the idempotency keys that these events have, and no other event may have. */
export const operationalKeyPrefix = "tocsin:"

const names: ReadonlySet<string> = new Set(operationalTypes)

/** Whether it tells of this webhook: such an event has the webhook's id as its ordering key. */
export function isAbout(
  webhookId: string,
  event: { readonly type: string; readonly orderingKey: string | null },
): boolean {
  return isOperational(event.type) && event.orderingKey === webhookId
}

export function isOperational(type: string): type is OperationalType {
  return names.has(type)
}

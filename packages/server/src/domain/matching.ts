import { isAbout, isOperational } from "./operational.ts"
import type { Attributes, Filters, Webhook } from "./webhook.ts"

/** Why an event does not go to a webhook, or that it does. */
export type Match =
  | { readonly matches: true }
  | { readonly matches: false; readonly because: "event_type" }
  /** A webhook is not told of its own trouble (operational.ts). */
  | { readonly matches: false; readonly because: "about_itself" }
  | {
      readonly matches: false
      readonly because: "filter"
      readonly criterion: Criterion
      readonly value: string | null
    }

export type Criterion = (typeof criteria)[number]["criterion"]

/** Each filter criterion with the attribute it looks at. */
export const criteria = [
  { criterion: "severity", attribute: "severity" },
  { criterion: "environments", attribute: "environment" },
  { criterion: "cloudProviders", attribute: "cloud_provider" },
] as const

/** Whether a subscription (`*`, `policy.*`, or a name) covers an event type. What Tocsin tells of itself must be named. */
export function covers(subscription: string, type: string): boolean {
  if (isOperational(type)) return subscription === type
  if (subscription === "*") return true
  return subscription.endsWith(".*") ? type.startsWith(subscription.slice(0, -1)) : subscription === type
}

/** The values a criterion accepts, in lower case; null when the webhook does not state it. */
export function accepted(filters: Filters | null, criterion: Criterion): ReadonlySet<string> | null {
  const values = filters?.[criterion]
  return values === undefined || values.length === 0 ? null : new Set(values.map((value) => value.toLowerCase()))
}

/**
 * The rule of wire.md ("Attributes"), said once and plainly: what a person is shown, and what the fast routing of
 * `registry/routing.ts` is tested against.
 */
export function match(
  webhook: Pick<Webhook, "id" | "events" | "filters">,
  event: { readonly type: string; readonly attributes: Attributes; readonly orderingKey: string | null },
): Match {
  if (!webhook.events.some((subscription) => covers(subscription, event.type)))
    return { matches: false, because: "event_type" }
  if (isAbout(webhook.id, event)) return { matches: false, because: "about_itself" }
  for (const { criterion, attribute } of criteria) {
    const values = accepted(webhook.filters, criterion)
    const value = event.attributes[attribute]
    // `undefined`: events of this type do not carry the attribute, so the criterion says nothing about them.
    if (values === null || value === undefined) continue
    if (value === null || !values.has(value.toLowerCase()))
      return { matches: false, because: "filter", criterion, value }
  }
  return { matches: true }
}

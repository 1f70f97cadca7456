import Type from "typebox"
import type { DeliveryStatus } from "../../domain/delivery.ts"
import { deliveryStatuses } from "../../domain/delivery.ts"
import type { StoredEvent } from "../../domain/event.ts"
import { asId } from "../../domain/ids.ts"
import { accepted, type Criterion, match } from "../../domain/matching.ts"
import type { Webhook } from "../../domain/webhook.ts"
import { keyOf, workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { Problem } from "../problems.ts"
import { IdParams, Nullable, OneOf, type Static } from "../schema-vocabulary.ts"

const outcomes = ["sent", "event_type", "about_itself", "filter", "created_later", "changed_since"] as const
const criteriaShown = ["severity", "environments", "cloud_providers"] as const
const shownCriterion: Readonly<Record<Criterion, (typeof criteriaShown)[number]>> = {
  severity: "severity",
  environments: "environments",
  cloudProviders: "cloud_providers",
}

export const EventMatchShown = Type.Object({
  webhook_id: Type.String(),
  url: Nullable(Type.String({ description: "Null for a key without webhooks:read: it may hold a credential" })),
  description: Nullable(Type.String()),
  outcome: OneOf(outcomes, {
    description:
      "sent: it has deliveries. event_type: not subscribed to. about_itself: it tells of this webhook's own trouble. filter: kept out by a filter. created_later: the webhook is younger than the event. changed_since: it would match now, and did not then.",
  }),
  criterion: Nullable(OneOf(criteriaShown, { description: "The filter that kept it out" })),
  value: Nullable(Type.String({ description: "What the event has there; null: nothing" })),
  wanted: Type.Array(Type.String(), { description: "What the filter lets through, or what is subscribed to" }),
  deliveries: Type.Array(Type.Object({ id: Type.String(), status: OneOf(deliveryStatuses) })),
})
type Shown = Static<typeof EventMatchShown>

/** More deliveries of one event than webhooks come from replays and retries alone. */
const deliveriesMax = 1_000

export function eventMatches(api: Api, { store, registry }: ApiParts): void {
  api.get(
    "/v1/events/:id/matches",
    {
      schema: {
        tags: ["events"],
        operationId: "listEventMatches",
        summary: "Which webhooks an event went to, and why not to the others",
        description: "Judged by the webhooks' present settings, since earlier ones are in the audit log alone.",
        params: IdParams("event"),
        response: { 200: Type.Object({ data: Type.Array(EventMatchShown) }) },
      },
      config: { access: "events:read" },
    },
    async (request) => {
      const workspaceId = workspaceOf(request)
      const showsUrls = keyOf(request).scopes.includes("webhooks:read")
      const event = await store.event(workspaceId, asId(request.params.id))
      if (!event) throw new Problem("not_found", { detail: "No event of this workspace has this id." })
      const records = await store.deliveries(workspaceId, { eventId: event.id }, { limit: deliveriesMax, before: null })
      const byWebhook = Map.groupBy(records, ({ webhookId }) => webhookId)
      const data = registry.webhooks(workspaceId).map((webhook) => {
        const own = byWebhook.get(webhook.id) ?? []
        const deliveries = own.map(({ id, status }) => ({ id, status }))
        return { ...matchView(webhook, event, deliveries), url: showsUrls ? webhook.url : null }
      })
      return { data }
    },
  )
}

function matchView(
  webhook: Webhook,
  event: StoredEvent,
  deliveries: { id: string; status: DeliveryStatus }[],
): Omit<Shown, "url"> {
  const common = { webhook_id: webhook.id, description: webhook.description, deliveries }
  const nothing = { criterion: null, value: null, wanted: [] }
  if (deliveries.length > 0) return { ...common, ...nothing, outcome: "sent" }
  const found = match(webhook, event)
  if (found.matches) {
    const outcome = webhook.createdMs > event.acceptedMs ? "created_later" : "changed_since"
    return { ...common, ...nothing, outcome }
  }
  if (found.because === "about_itself") return { ...common, ...nothing, outcome: "about_itself" }
  if (found.because === "event_type") {
    return { ...common, ...nothing, outcome: "event_type", wanted: [...webhook.events] }
  }
  return {
    ...common,
    outcome: "filter",
    criterion: shownCriterion[found.criterion],
    value: found.value,
    wanted: [...(accepted(webhook.filters, found.criterion) ?? [])],
  }
}

import Type from "typebox"
import { deliveryStatuses } from "../../domain/delivery.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { Closed, IdParams, Nullable, OneOf, Time } from "../schema-vocabulary.ts"
import { rfc3339 } from "../times.ts"
import { foundWebhook } from "./finding-webhooks.ts"

export const RecentAttempt = Type.Object({
  delivery_id: Type.String(),
  event_type: Type.String(),
  status: OneOf(deliveryStatuses, { description: "Of the delivery, now" }),
  number: Type.Integer(),
  at: Time,
  duration_ms: Type.Number(),
  status_code: Nullable(Type.Integer()),
  error_code: Nullable(Type.String()),
})

const deliveriesDefault = 100

/** Each delivery's attempts are a read of their own, so the number of deliveries is small. */
export function recentAttempts(api: Api, parts: ApiParts): void {
  const { store } = parts
  api.get(
    "/v1/webhooks/:id/attempts",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "listRecentAttempts",
        summary: "How long the latest attempts took",
        description: "Those of the newest deliveries, oldest attempt first: for a plot. The lists are the record.",
        params: IdParams("webhook"),
        querystring: Closed({
          deliveries: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: "How many; 100" })),
        }),
        response: { 200: Type.Object({ data: Type.Array(RecentAttempt) }) },
      },
      config: { access: "deliveries:read" },
    },
    async (request) => {
      const { id, workspaceId } = foundWebhook(parts, request, request.params.id)
      const limit = request.query.deliveries ?? deliveriesDefault
      const found = await store.deliveries(workspaceId, { webhookId: id }, { limit, before: null })
      const attempts = await Promise.all(
        // Oldest first too, for attempts of the same millisecond.
        found
          .toReversed()
          .map(async (delivery) =>
            (await store.attempts(workspaceId, delivery.id)).map((attempt) => ({ delivery, attempt })),
          ),
      )
      const data = attempts
        .flat()
        .sort((a, b) => a.attempt.atMs - b.attempt.atMs)
        .map(({ delivery, attempt }) => ({
          delivery_id: delivery.id,
          event_type: delivery.eventType,
          status: delivery.status,
          number: attempt.number,
          at: rfc3339(attempt.atMs),
          duration_ms: attempt.durationMs,
          status_code: attempt.statusCode,
          error_code: attempt.error?.code ?? null,
        }))
      return { data }
    },
  )
}

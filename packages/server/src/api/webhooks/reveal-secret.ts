import Type from "typebox"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry } from "../changing.ts"
import { IdParams, Nullable, Time } from "../schema-vocabulary.ts"
import { rfc3339 } from "../times.ts"
import { foundWebhook } from "./finding-webhooks.ts"

export function revealSecret(api: Api, parts: ApiParts): void {
  const { store, clock } = parts
  api.get(
    "/v1/webhooks/:id/secret",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "revealSecret",
        summary: "Reveal the secret",
        description: "Needs the write scope, and is written to the audit log before it is answered.",
        params: IdParams("webhook"),
        response: {
          200: Type.Object({
            secret: Type.String(),
            previous: Nullable(Type.Object({ secret: Type.String(), valid_until: Time })),
          }),
        },
      },
      config: { access: "webhooks:write" },
    },
    async (request, reply) => {
      const { id, workspaceId, secrets } = foundWebhook(parts, request, request.params.id)
      const nowMs = clock.now()
      await store.note(
        auditEntry(parts, request, nowMs, { workspaceId, action: "webhook.secret_revealed", subject: id }),
      )
      const previous =
        secrets.previous !== null && secrets.previous.untilMs > nowMs
          ? { secret: secrets.previous.secret, valid_until: rfc3339(secrets.previous.untilMs) }
          : null
      return reply.header("cache-control", "no-store").send({ secret: secrets.current, previous })
    },
  )
}

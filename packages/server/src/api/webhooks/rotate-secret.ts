import Type from "typebox"
import type { WebhookSecrets } from "../../domain/webhook.ts"
import { secretRefusal } from "../../profiles/secret-rule.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { emptyBodyIsObject } from "../empty-bodies.ts"
import { refuseIfFlawed } from "../problems.ts"
import { Closed, IdParams, Nullable, Time } from "../schema-vocabulary.ts"
import { rfc3339OrNull } from "../times.ts"
import { foundWebhook } from "./finding-webhooks.ts"
import { revised } from "./webhook-input.ts"
import { Secret } from "./webhook-schemas.ts"

const overlapDefaultSeconds = 86_400

export function rotateSecret(api: Api, parts: ApiParts): void {
  const { registry, clock, random } = parts
  api.post(
    "/v1/webhooks/:id/rotate-secret",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "rotateSecret",
        summary: "Replace the secret, with an overlap",
        params: IdParams("webhook"),
        body: Closed({
          secret: Type.Optional(Secret),
          overlap_seconds: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 2_592_000, description: "How long the old one still signs; 24 h" }),
          ),
        }),
        response: {
          200: Type.Object({
            id: Type.String(),
            secret: Type.Optional(Type.String({ description: "Only when it was generated, and only this once" })),
            previous_valid_until: Nullable(Time),
          }),
        },
      },
      preValidation: emptyBodyIsObject,
      config: { access: "webhooks:write" },
    },
    async (request, reply) => {
      const { secret: given, overlap_seconds: overlapSeconds = overlapDefaultSeconds } = request.body
      const refusal = given === undefined ? null : secretRefusal(given)
      refuseIfFlawed(refusal === null ? [] : [{ pointer: "/secret", detail: refusal }])
      const workspaceId = foundWebhook(parts, request, request.params.id).workspaceId
      const secret = given ?? registry.profile(workspaceId).newSecret(random.bytes(32))
      const untilMs = await change(parts, () => {
        const before = foundWebhook(parts, request, request.params.id)
        const nowMs = clock.now()
        const replaced = replacedSecret(before.secrets, secret, nowMs)
        const until = overlapSeconds === 0 || replaced === null ? null : nowMs + overlapSeconds * 1000
        const previous = until === null || replaced === null ? null : { secret: replaced, untilMs: until }
        const after = revised(before, { ...before, secrets: { current: secret, previous } }, nowMs)
        return {
          changes: [{ kind: "webhook", put: after }],
          audit: auditEntry(parts, request, nowMs, {
            workspaceId,
            action: "webhook.secret_rotated",
            subject: before.id,
            before: { previous_valid_until: rfc3339OrNull(before.secrets.previous?.untilMs ?? null) },
            after: {
              ...(secret !== before.secrets.current && { secret: "changed" }),
              previous_valid_until: rfc3339OrNull(until),
            },
          }),
          result: until,
        }
      })
      return reply.header("cache-control", "no-store").send({
        id: request.params.id,
        ...(given === undefined && { secret }),
        previous_valid_until: rfc3339OrNull(untilMs),
      })
    },
  )
}

/**
 * What receivers may still hold. A rotation to the present secret is one that is asked for again, its answer lost: were that
 * secret its own predecessor, the one that it replaced would be gone, and the overlap with it.
 */
function replacedSecret({ current, previous }: WebhookSecrets, next: string, nowMs: number): string | null {
  if (next !== current) return current
  return previous !== null && nowMs < previous.untilMs ? previous.secret : null
}

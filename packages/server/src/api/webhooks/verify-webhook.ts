import Type from "typebox"
import { type Webhook, webhookStatus } from "../../domain/webhook.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry, change } from "../changing.ts"
import { emptyBodyIsObject } from "../empty-bodies.ts"
import { Closed, IdParams, OneOf } from "../schema-vocabulary.ts"
import { rfc3339OrNull } from "../times.ts"
import { foundWebhook } from "./finding-webhooks.ts"
import { mayProbe } from "./probing.ts"
import { revised } from "./webhook-input.ts"
import { ProbeShown } from "./webhook-schemas.ts"
import { probeView } from "./webhook-view.ts"

function verificationShown(webhook: Webhook) {
  return { status: webhookStatus(webhook), verified_at: rfc3339OrNull(webhook.verification.verifiedAtMs) }
}

export function verifyWebhook(api: Api, parts: ApiParts): void {
  const { clock, probe } = parts
  api.post(
    "/v1/webhooks/:id/verify",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "verifyWebhook",
        summary: "Send the verification payload",
        description: "Success verifies the endpoint: what was held for it is then sent.",
        params: IdParams("webhook"),
        body: Closed({}),
        response: {
          200: Type.Object({
            ...ProbeShown.properties,
            status: OneOf(["active", "inactive", "unverified", "disabled", "deleted"]),
          }),
        },
      },
      preValidation: emptyBodyIsObject,
      config: { access: "webhooks:write" },
    },
    async (request) => {
      const probed = foundWebhook(parts, request, request.params.id)
      mayProbe(probe, probed.workspaceId)
      const outcome = await probe.verify(probed)
      if (!outcome.verdict.delivered) return { ...probeView(outcome), status: webhookStatus(probed) }
      const webhook = await change(parts, () => {
        const before = foundWebhook(parts, request, request.params.id)
        const nowMs = clock.now()
        // The endpoint that answered is verified, not one that was entered meanwhile.
        const verifiedAtMs = before.url === probed.url ? nowMs : before.verification.verifiedAtMs
        const after = revised(before, { ...before, verification: { ...before.verification, verifiedAtMs } }, nowMs)
        return {
          changes: [{ kind: "webhook", put: after }],
          audit: auditEntry(parts, request, nowMs, {
            workspaceId: before.workspaceId,
            action: "webhook.verified",
            subject: before.id,
            before: verificationShown(before),
            after: verificationShown(after),
          }),
          result: after,
        }
      })
      return { ...probeView(outcome), status: webhookStatus(webhook) }
    },
  )
}

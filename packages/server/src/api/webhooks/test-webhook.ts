import Type from "typebox"
import { covers } from "../../domain/matching.ts"
import type { Webhook } from "../../domain/webhook.ts"
import type { EventType } from "../../domain/workspace.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { emptyBodyIsObject } from "../empty-bodies.ts"
import { Problem } from "../problems.ts"
import { Closed, IdParams } from "../schema-vocabulary.ts"
import { foundWebhook } from "./finding-webhooks.ts"
import { mayProbe } from "./probing.ts"
import { ProbeShown } from "./webhook-schemas.ts"
import { probeView } from "./webhook-view.ts"

export function testWebhook(api: Api, parts: ApiParts): void {
  const { registry, probe } = parts
  api.post(
    "/v1/webhooks/:id/test",
    {
      schema: {
        tags: ["webhooks"],
        operationId: "testWebhook",
        summary: "Send a sample event now",
        description: "Outside the queue, whatever the webhook's status; without event_type, a type it subscribes to.",
        params: IdParams("webhook"),
        body: Closed({ event_type: Type.Optional(Type.String({ maxLength: 100 })) }),
        response: { 200: ProbeShown },
      },
      preValidation: emptyBodyIsObject,
      config: { access: "webhooks:write" },
    },
    async (request) => {
      const webhook = foundWebhook(parts, request, request.params.id)
      const types = registry.eventTypes(webhook.workspaceId)
      mayProbe(probe, webhook.workspaceId)
      return probeView(await probe.test(webhook, chosenType(types, webhook, request.body.event_type)))
    },
  )
}

function chosenType(types: ReadonlyMap<string, EventType>, webhook: Webhook, asked: string | undefined): EventType {
  const subscribed = [...types.values()].find(({ name }) => webhook.events.some((each) => covers(each, name)))
  const type = asked === undefined ? (subscribed ?? types.values().next().value) : types.get(asked)
  if (type) return type

  throw new Problem("validation_failed", {
    errors: [
      { pointer: "/event_type", detail: `${asked} is not in this workspace's catalogue; GET /v1/event-types lists it` },
    ],
  })
}

import Type from "typebox"
import { deliveryStatuses } from "../../domain/delivery.ts"
import { asId } from "../../domain/ids.ts"
import type { Replay } from "../../domain/replay.ts"
import { workspaceOf } from "../access.ts"
import type { Api, ApiParts } from "../api-parts.ts"
import { auditEntry } from "../changing.ts"
import { type Flaw, refuseIfFlawed } from "../problems.ts"
import { Closed, IdParams, OneOf, Time } from "../schema-vocabulary.ts"
import { readTime } from "../times.ts"
import { foundWebhook } from "../webhooks/finding-webhooks.ts"
import { ReplayShown, replayView } from "./replay-view.ts"

export function startReplay(api: Api, parts: ApiParts): void {
  const { store, registry, replaying, clock, mint } = parts
  api.post(
    "/v1/webhooks/:id/replay",
    {
      schema: {
        tags: ["replays"],
        operationId: "startReplay",
        summary: "Deliver past events to a webhook again",
        description: "A job that survives restarts; events keep their id and body.",
        params: IdParams("webhook"),
        body: Closed({
          from: Time,
          to: Time,
          event_types: Type.Optional(Type.Array(Type.String({ maxLength: 100 }), { minItems: 1, maxItems: 200 })),
          statuses: Type.Optional(
            Type.Array(OneOf(deliveryStatuses), {
              minItems: 1,
              uniqueItems: true,
              description: "Of the last delivery",
            }),
          ),
          only_missing: Type.Optional(
            Type.Boolean({ description: "Only events never delivered to this webhook; false" }),
          ),
        }),
        response: { 202: ReplayShown },
      },
      config: { access: "deliveries:write" },
    },
    async (request, reply) => {
      const webhook = foundWebhook(parts, request, request.params.id)
      const { body } = request
      const flaws: Flaw[] = []
      const fromMs = readTime(body.from, "/from", flaws) ?? 0
      const toMs = readTime(body.to, "/to", flaws) ?? 0
      if (flaws.length === 0 && fromMs >= toMs) flaws.push({ pointer: "/to", detail: "must be later than from" })
      const known = registry.eventTypes(webhook.workspaceId)
      body.event_types?.forEach((name, at) => {
        if (known.has(name)) return
        flaws.push({ pointer: `/event_types/${at}`, detail: `${name} is not in this workspace's catalogue` })
      })
      refuseIfFlawed(flaws)
      const nowMs = clock.now()
      const replay: Replay = {
        id: asId(`rpl_${mint.next(nowMs)}`),
        workspaceId: workspaceOf(request),
        webhookId: webhook.id,
        fromMs,
        toMs,
        eventTypes: body.event_types ?? null,
        statuses: body.statuses ?? null,
        onlyMissing: body.only_missing ?? false,
        state: "running",
        afterId: null,
        examined: 0,
        enqueued: 0,
        createdMs: nowMs,
        updatedMs: nowMs,
      }
      // The audit log first: should it fail, nothing was done, as the 503 says.
      await store.note(
        auditEntry(parts, request, nowMs, {
          workspaceId: replay.workspaceId,
          action: "replay.started",
          subject: replay.id,
          after: replayView(replay),
        }),
      )
      await store.putReplay(replay)
      replaying.run(replay)
      return reply.code(202).header("location", `/v1/replays/${replay.id}`).send(replayView(replay))
    },
  )
}

import Type from "typebox"
import { deliveryStatuses } from "../../domain/delivery.ts"
import { type Replay, shareDone } from "../../domain/replay.ts"
import { Nullable, OneOf, Time } from "../schema-vocabulary.ts"
import { rfc3339 } from "../times.ts"

export const ReplayShown = Type.Object({
  id: Type.String(),
  webhook_id: Type.String(),
  from: Time,
  to: Time,
  event_types: Nullable(Type.Array(Type.String())),
  statuses: Nullable(Type.Array(OneOf(deliveryStatuses))),
  only_missing: Type.Boolean(),
  state: OneOf(["running", "completed", "cancelled"]),
  progress: Type.Object({
    examined: Type.Integer({ description: "Events looked at" }),
    enqueued: Type.Integer({ description: "Deliveries made of them" }),
    share: Type.Number({ description: "How far it is, 0 to 1, by the times of the events" }),
  }),
  created: Time,
  updated: Time,
})

export function replayView(replay: Replay) {
  return {
    id: replay.id,
    webhook_id: replay.webhookId,
    from: rfc3339(replay.fromMs),
    to: rfc3339(replay.toMs),
    event_types: replay.eventTypes === null ? null : [...replay.eventTypes],
    statuses: replay.statuses === null ? null : [...replay.statuses],
    only_missing: replay.onlyMissing,
    state: replay.state,
    progress: { examined: replay.examined, enqueued: replay.enqueued, share: shareDone(replay) },
    created: rfc3339(replay.createdMs),
    updated: rfc3339(replay.updatedMs),
  }
}

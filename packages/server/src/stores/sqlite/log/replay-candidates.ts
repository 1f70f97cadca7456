import type { DatabaseSync } from "node:sqlite"
import { deliveryStatus } from "../../../domain/delivery.ts"
import { asId, type EventId } from "../../../domain/ids.ts"
import type { Replay } from "../../../domain/replay.ts"
import type { ReplayCandidate } from "../../../ports/store.ts"
import { idsBetween } from "../../time-bounds.ts"
import { number, reader, record, text, textOrNull } from "../prepared.ts"
import { code, storedState } from "../states.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"

export type CandidatesQuery = {
  readonly replay: Pick<Replay, "workspaceId" | "webhookId" | "fromMs" | "toMs">
  readonly afterId: EventId | null
  readonly limit: number
}

/** Events that a replay may deliver again; see `Store.replayCandidates`. */
export function prepareReplayCandidates(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (query: CandidatesQuery) => readonly ReplayCandidate[] {
  const ends = reader(
    db,
    "SELECT min(id), (SELECT max(id) FROM events WHERE workspace = ?1) FROM events WHERE workspace = ?1",
  )
  const findWebhook = reader(db, "SELECT num, sending, deleted FROM webhooks WHERE workspace = ? AND id = ?")
  const find = reader(
    db,
    `SELECT num, id, type, attributes, ordering_key FROM events INDEXED BY events_by_id
     WHERE workspace = ? AND id > ? AND id >= ? AND id < ? AND accepted_ms >= ? AND accepted_ms < ? ORDER BY id LIMIT ?`,
  )
  const deliveriesOf = reader(
    db,
    `SELECT state, attempts FROM deliveries INDEXED BY deliveries_of_event
     WHERE event = ? AND webhook = ? ORDER BY id DESC`,
  )

  return ({ replay, afterId, limit }) => {
    const { workspaceId, webhookId, fromMs, toMs } = replay
    const workspace = visible(workspaceId)
    const [oldest, newest] = workspace === null ? [] : (ends.row(workspace) ?? [])
    if (workspace === null || typeof oldest !== "string" || typeof newest !== "string") return []
    const webhook = findWebhook.row(workspace, webhookId)
    const { least, above } = idsBetween(oldest, newest, fromMs, toMs, null)
    return find.rows(workspace, afterId ?? "", least, above, fromMs, toMs, limit).map((row) => {
      const deliveries = webhook === undefined ? [] : deliveriesOf.rows(number(row[0]), number(webhook[0]))
      const newestDelivery = deliveries[0]
      return {
        eventId: asId<EventId>(text(row[1])),
        type: text(row[2]),
        attributes: record<ReplayCandidate["attributes"]>(row[3]),
        orderingKey: textOrNull(row[4]),
        latest:
          newestDelivery === undefined
            ? null
            : deliveryStatus(storedState(number(newestDelivery[0])), number(newestDelivery[1]), {
                sending: webhook?.[1] === 1,
                deleted: webhook?.[2] === 1,
              }),
        everDelivered: deliveries.some((delivery) => delivery[0] === code.delivered),
      }
    })
  }
}

import type { EventId } from "../../domain/ids.ts"
import type { Replay } from "../../domain/replay.ts"
import type { Enqueue, ReplayCandidate } from "../../ports/store.ts"
import { addDelivery, type Rows, statusOf } from "./rows.ts"

/** See `Store.openReplays`. */
export function openReplays(rows: Rows): readonly Replay[] {
  return [...rows.workspaces.values()]
    .filter((workspace) => workspace.deletedMs === null)
    .flatMap((workspace) => [...workspace.replays.values()])
    .filter((replay) => replay.state === "running")
    .sort((a, b) => a.createdMs - b.createdMs || (a.id < b.id ? -1 : 1))
}

/** See `Store.replayCandidates`. */
export function replayCandidates(
  rows: Rows,
  replay: Pick<Replay, "workspaceId" | "webhookId" | "fromMs" | "toMs">,
  afterId: EventId | null,
  limit: number,
): readonly ReplayCandidate[] {
  return [...(rows.visible(replay.workspaceId)?.events.values() ?? [])]
    .filter(
      (event) =>
        event.acceptedMs >= replay.fromMs && event.acceptedMs < replay.toMs && (afterId === null || event.id > afterId),
    )
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, limit)
    .map((event) => {
      const deliveries = [...event.deliveries.values()]
        .filter((row) => row.webhook.id === replay.webhookId)
        .sort((a, b) => (a.id < b.id ? 1 : -1))
      const newest = deliveries[0]
      return {
        eventId: event.id,
        type: event.type,
        attributes: event.attributes,
        orderingKey: event.orderingKey,
        latest: newest === undefined ? null : statusOf(newest),
        everDelivered: deliveries.some((row) => row.state === "delivered"),
      }
    })
}

/**
 * See `Store.enqueue`.
 * @throws Error when an event is no longer stored; nothing of the call is kept then
 */
export function enqueue(
  rows: Rows,
  { workspaceId, webhookId, nowMs, deliveries, replay, examinedBefore }: Enqueue,
): readonly number[] | null {
  const workspace = rows.visible(workspaceId)
  const stored = workspace?.replays.get(replay.id)
  if (!workspace || stored?.state !== "running" || stored.examined !== examinedBefore) return null
  // All are looked up before the first is written.
  const found = deliveries.map((delivery) => {
    const event = workspace.events.get(delivery.eventId)
    if (event === undefined)
      throw new Error(`Event ${delivery.eventId} is no longer stored. Leave it out of the replay.`)
    if (workspace.deliveries.has(delivery.id)) throw new Error(`The id ${delivery.id} is used twice.`)
    return { delivery, event }
  })
  const webhook = rows.webhook(workspace, webhookId)
  workspace.replays.set(replay.id, replay)
  return found.map(({ delivery: { id, laneKey }, event }) =>
    addDelivery(workspace, webhook, event, { id, laneKey, replayId: replay.id }, nowMs),
  )
}

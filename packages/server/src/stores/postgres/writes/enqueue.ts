import type { Replay } from "../../../domain/replay.ts"
import type { Enqueue } from "../../../ports/store.ts"
import { number, record, text } from "../columns.ts"
import { columns } from "../literals.ts"
import { mintedMs } from "../minted.ts"
import { addMinutes, Minutes, side } from "../minutes.ts"
import type { Runner } from "../session.ts"
import { code } from "../states.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"
import { putReplay } from "./put-replay.ts"

/**
 * New deliveries of stored events; see `Store.enqueue`. The job's row is locked first: of two nodes that run the same
 * job, as may happen while a shard changes hands, the second finds that its step was made.
 *
 * @throws Error when an event is no longer stored; nothing of the call is kept then
 */
export async function enqueue(
  run: Runner["run"],
  { workspaceId, webhookId, nowMs, deliveries, replay, examinedBefore }: Enqueue,
): Promise<readonly number[] | null> {
  const [row] = await run(
    `SELECT record FROM replays WHERE workspace_id = $1 AND id = $2 AND state = 'running' AND ${workspaceIsVisible}
     FOR UPDATE`,
    [workspaceId, replay.id],
  )
  if (row === undefined || record<Replay>(row).examined !== examinedBefore) return null
  const eventIds = [...new Set(deliveries.map(({ eventId }) => eventId))]
  const events = await run(
    `SELECT e.id, e.type FROM unnest($2::text[], $3::bigint[]) AS u (id, minted_ms)
     JOIN events e ON e.workspace_id = $1 AND e.id = u.id AND e.minted_ms = u.minted_ms FOR KEY SHARE OF e`,
    [workspaceId, ...columns(eventIds, (id) => id, mintedMs)],
  )
  const types = new Map(events.map((event) => [text(event, "id"), text(event, "type")]))
  const lost = eventIds.find((id) => !types.has(id))
  if (lost !== undefined) throw new Error(`Event ${lost} is no longer stored. Leave it out of the replay.`)
  await putReplay(run, replay)
  if (deliveries.length === 0) return []
  const [counter] = await run(
    `INSERT INTO webhook_sequences AS w (workspace_id, webhook_id, last_sequence) VALUES ($1, $2, $3)
     ON CONFLICT (workspace_id, webhook_id) DO UPDATE SET last_sequence = w.last_sequence + excluded.last_sequence
     RETURNING last_sequence`,
    [workspaceId, webhookId, deliveries.length],
  )
  const first = (counter === undefined ? 0 : number(counter, "last_sequence")) - deliveries.length + 1
  const sequences = deliveries.map((_, index) => first + index)
  await run(
    `INSERT INTO deliveries (workspace_id, id, minted_ms, webhook_id, event_id, event_minted_ms, event_type, sequence,
       state, attempts, attempts_before, created_ms, window_from_ms, due_ms, lane_key, replay_id)
     SELECT $1, d.id, d.minted_ms, $2, d.event_id, d.event_minted_ms, d.event_type, d.sequence, ${code.fresh}, 0, 0,
       $3::bigint, $3::bigint, $3::bigint, d.lane_key, $4
     FROM unnest($5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::text[], $11::bigint[])
       AS d (id, minted_ms, event_id, event_minted_ms, event_type, lane_key, sequence)`,
    [
      workspaceId,
      webhookId,
      nowMs,
      replay.id,
      ...columns(
        deliveries.map((delivery, index) => ({ ...delivery, sequence: first + index })),
        (delivery) => delivery.id,
        (delivery) => mintedMs(delivery.id),
        (delivery) => delivery.eventId,
        (delivery) => mintedMs(delivery.eventId),
        (delivery) => types.get(delivery.eventId) ?? "",
        (delivery) => delivery.laneKey,
        (delivery) => delivery.sequence,
      ),
    ],
  )
  const minutes = new Minutes()
  for (const { id } of deliveries) minutes.count(workspaceId, webhookId, mintedMs(id), "pending", 1)
  await run(addMinutes(1, side.accepting), minutes.columns())
  return sequences
}

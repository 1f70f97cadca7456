import type { DatabaseSync } from "node:sqlite"
import type { Enqueue } from "../../../ports/store.ts"
import type { Books } from "../books.ts"
import { number, reader, writer } from "../prepared.ts"
import { code } from "../states.ts"
import type { PutReplay } from "./put-replay.ts"

/**
 * New deliveries of stored events; see `Store.enqueue`. They are fresh ones: due at once, first attempt to come.
 * @throws Error when an event is no longer stored; nothing of the call is kept then
 */
export function prepareEnqueue(
  db: DatabaseSync,
  books: Books,
  putReplay: PutReplay,
): (enqueue: Enqueue) => readonly number[] | null {
  const running = reader(
    db,
    `SELECT 1 FROM replays JOIN workspaces ON workspaces.num = replays.workspace
     WHERE replays.workspace = ? AND replays.id = ? AND state = 'running' AND deleted_ms IS NULL
       AND replays.record ->> 'examined' = ?`,
  )
  const findEvent = reader(db, "SELECT num FROM events WHERE workspace = ? AND id = ?")
  const add = writer(
    db,
    `INSERT INTO deliveries (workspace, id, webhook, event, sequence, state, attempts, attempts_before, created_ms,
       window_from_ms, due_ms, lane_key, replay_id) VALUES (?, ?, ?, ?, ?, ${code.fresh}, 0, 0, ?, ?, ?, ?, ?)`,
  )
  return ({ workspaceId, webhookId, nowMs, deliveries, replay, examinedBefore }) => {
    const workspace = books.knownWorkspace(workspaceId)
    if (workspace === null || running.row(workspace, replay.id, examinedBefore) === undefined) return null
    // All are looked up before the first is written.
    const found = deliveries.map((delivery) => {
      const row = findEvent.row(workspace, delivery.eventId)
      if (row === undefined)
        throw new Error(`Event ${delivery.eventId} is no longer stored. Leave it out of the replay.`)
      return { delivery, event: number(row[0]) }
    })
    const webhook = books.webhook(workspace, webhookId)
    const sequences = found.map(({ delivery, event }) => {
      const sequence = books.added(webhook, nowMs)
      books.history.add(webhook, delivery.id, workspace)
      add(workspace, delivery.id, webhook, event, sequence, nowMs, nowMs, nowMs, delivery.laneKey, replay.id)
      return sequence
    })
    putReplay(replay)
    return sequences
  }
}

import { number, numberOrNull, text } from "../../columns.ts"
import { columns } from "../../literals.ts"
import { addMinutes, Minutes, side } from "../../minutes.ts"
import { nameOfDay } from "../../partitions.ts"
import type { Row, Runner } from "../../session.ts"
import { bucket } from "../../states.ts"
import type { Step } from "./step.ts"
import { deliveryStays, ofOtherDay } from "./what-stays.ts"

/** How far a day has been gone through: its deliveries, then its events, both in the order of their keys. */
export type Place = {
  readonly day: number
  readonly table: "deliveries" | "events"
  readonly after: readonly [workspaceId: string, id: string]
}

export function startOf(day: number): Place {
  return { day, table: "deliveries", after: ["", ""] }
}

/**
 * Goes on through a day row by row. What stays is looked at once, not again in each step.
 * @returns where to go on; null at the day's end.
 */
export async function forgetRows(step: Step, from: Place): Promise<Place | null> {
  let place = from
  while (step.left > 0) {
    const last = place.table === "deliveries" ? await someDeliveries(step, place) : await someEvents(step, place)
    if (last !== null) place = { ...place, after: last }
    else if (place.table === "events") return null
    else place = { day: place.day, table: "events", after: ["", ""] }
  }
  return place
}

/** @returns the last one looked at; null without any. A delivery counts for its attempts, of which it may have many. */
async function someDeliveries(step: Step, { day, after }: Place): Promise<Place["after"] | null> {
  const suffix = nameOfDay(day)
  const rows = await step.run(
    `WITH looked AS MATERIALIZED (
       SELECT d.workspace_id, d.id, d.minted_ms, CASE WHEN ${deliveryStays} THEN 1 ELSE greatest(1, d.attempts) END AS weight
       FROM deliveries_${suffix} d WHERE (d.workspace_id, d.id) > ($2, $3) ORDER BY d.workspace_id, d.id LIMIT $4
     ), weighed AS (
       SELECT *, sum(weight) OVER (ORDER BY workspace_id, id) AS total FROM looked
     ), step AS MATERIALIZED (
       SELECT * FROM weighed WHERE total - weight < $4
     ), gone AS (
       DELETE FROM deliveries_${suffix} d USING step s
       WHERE d.workspace_id = s.workspace_id AND d.id = s.id AND d.minted_ms = s.minted_ms AND NOT ${deliveryStays}
       RETURNING d.workspace_id, d.id, d.minted_ms, d.webhook_id, d.state, d.attempts
     ), attempts_gone AS (
       DELETE FROM attempts_${suffix} a USING gone g
       WHERE a.workspace_id = g.workspace_id AND a.delivery_id = g.id AND a.minted_ms = g.minted_ms
     )
     SELECT s.workspace_id, s.id, s.minted_ms, s.weight::bigint AS weight, g.webhook_id, g.state::bigint AS state,
       g.attempts::bigint AS attempts
     FROM step s LEFT JOIN gone g ON g.workspace_id = s.workspace_id AND g.id = s.id ORDER BY 1, 2`,
    [step.beforeMs, ...after, step.left],
  )
  for (const row of rows) step.left -= number(row, "weight")
  await uncount(step.run, rows)
  return keyOfLast(rows)
}

async function uncount(run: Runner["run"], rows: readonly Row[]): Promise<void> {
  const minutes = new Minutes()
  let removed = 0
  for (const row of rows) {
    const state = numberOrNull(row, "state")
    if (state === null) continue
    removed += 1
    const counted = bucket(state, number(row, "attempts"))
    minutes.count(text(row, "workspace_id"), text(row, "webhook_id"), number(row, "minted_ms"), counted, -1)
  }
  if (removed > 0) await run(addMinutes(1, side.settling), minutes.columns())
}

/**
 * Locked in a statement of their own, so that the next sees what was stored for them until then: a replay holds its
 * events until its deliveries are there. Those that are held just now stay until the next time.
 */
async function someEvents(step: Step, { day, after }: Place): Promise<Place["after"] | null> {
  const suffix = nameOfDay(day)
  const rows = await step.run(
    `SELECT workspace_id, id, accepted_ms FROM events_${suffix} WHERE (workspace_id, id) > ($1, $2)
     ORDER BY workspace_id, id LIMIT $3 FOR UPDATE SKIP LOCKED`,
    [...after, step.left],
  )
  step.left -= rows.length
  const old = rows.filter((row) => number(row, "accepted_ms") < step.beforeMs)
  if (old.length > 0)
    await step.run(
      `WITH gone AS (
         DELETE FROM events_${suffix} e USING unnest($1::text[], $2::text[]) AS s (workspace_id, id)
         WHERE e.workspace_id = s.workspace_id AND e.id = s.id
           AND NOT EXISTS (SELECT 1 FROM deliveries_${suffix} d
             WHERE d.workspace_id = e.workspace_id AND d.event_id = e.id)
           AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE ${ofOtherDay} AND d.event_minted_ms = e.minted_ms
             AND d.workspace_id = e.workspace_id AND d.event_id = e.id)
         RETURNING e.workspace_id, e.id, e.idempotency_key
       )
       DELETE FROM idempotency_keys k USING gone g
       WHERE k.workspace_id = g.workspace_id AND k.key = g.idempotency_key AND k.event_id = g.id`,
      columns(
        old,
        (row) => text(row, "workspace_id"),
        (row) => text(row, "id"),
      ),
    )
  return keyOfLast(rows)
}

function keyOfLast(rows: readonly Row[]): Place["after"] | null {
  const last = rows.at(-1)
  return last === undefined ? null : [text(last, "workspace_id"), text(last, "id")]
}

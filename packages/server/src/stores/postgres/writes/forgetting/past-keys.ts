import { number, text } from "../../columns.ts"
import { dayOf, startOfDayMs } from "../../partitions.ts"
import type { Part } from "./step.ts"

const fromTheStart: readonly [number, string, string] = [-1, "", ""]

/**
 * Removes the idempotency keys of events that went with their day: they lie apart, because no unique index spans days.
 * Until then a key that is used again finds its event, as it did a moment before.
 *
 * @param wholeDays as for `pastDays`: the keys of what is kept are looked at once a day.
 */
export function pastKeys(wholeDays: boolean): Part {
  let after = fromTheStart
  let throughForMs = Number.NEGATIVE_INFINITY

  return async (step) => {
    const untilMs = startOfDayMs(dayOf(step.beforeMs))
    if (wholeDays && throughForMs === untilMs) return true
    while (step.left > 0) {
      const rows = await step.run(
        `WITH looked AS MATERIALIZED (
           SELECT minted_ms, workspace_id, key, event_id FROM idempotency_keys
           WHERE (minted_ms, workspace_id, key) > ($1, $2, $3) AND minted_ms < $4
           ORDER BY minted_ms, workspace_id, key LIMIT $5
         ), gone AS (
           DELETE FROM idempotency_keys k USING looked l
           WHERE k.workspace_id = l.workspace_id AND k.key = l.key AND k.event_id = l.event_id AND NOT EXISTS (
             SELECT 1 FROM events e
             WHERE e.workspace_id = l.workspace_id AND e.id = l.event_id AND e.minted_ms = l.minted_ms)
         )
         SELECT minted_ms, workspace_id, key FROM looked ORDER BY 1, 2, 3`,
        [...after, untilMs, step.left],
      )
      step.left -= rows.length
      const last = rows.at(-1)
      if (last === undefined) {
        after = fromTheStart
        throughForMs = untilMs
        return true
      }
      after = [number(last, "minted_ms"), text(last, "workspace_id"), text(last, "key")]
    }
    return false
  }
}

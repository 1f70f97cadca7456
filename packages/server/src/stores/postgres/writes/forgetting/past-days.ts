import { text } from "../../columns.ts"
import { isLockTimeout } from "../../failure.ts"
import { dayOf, nameOfDay, startOfDayMs } from "../../partitions.ts"
import type { Runner } from "../../session.ts"
import { dropDay } from "./drop-day.ts"
import { forgetRows, type Place, startOf } from "./past-rows.ts"
import type { Part } from "./step.ts"

/**
 * Removes past days: whole ones by dropping their partitions, the one the limit lies in, and those of which much stays,
 * row by row. The newest first: a delivery lies in its event's day or, as a replay, in a later one, so an event whose
 * last delivery goes is found without it when its own day's turn comes.
 *
 * @param wholeDays whether the limit moves by days. Then what has been gone through is left alone until it moves:
 *   whatever ends meanwhile ends after it. So what waits for months is looked at once a day.
 */
export function pastDays(wholeDays: boolean): Part {
  const throughFor = new Map<number, number>()
  /** The last day gone through in this round, and how far the next one has been. */
  let last = Number.POSITIVE_INFINITY
  let place: Place | null = null

  return async (step) => {
    const { run, beforeMs } = step
    const days = await storedDays(run)
    for (const gone of [...throughFor.keys()].filter((day) => !days.includes(day))) throughFor.delete(gone)
    for (const day of days) {
      if (startOfDayMs(day) >= beforeMs || day >= last) continue
      if (wholeDays && throughFor.get(day) === beforeMs) continue
      if (step.left <= 0) return false
      if (place?.day !== day) {
        const isPast = startOfDayMs(day + 1) <= beforeMs
        // What another part has done in this step must not wait, or be undone, with a day that is dropped.
        if (isPast && step.left < step.limit) return false
        place = startOf(day)
        // Its locks are held until the commit: what comes next is another step.
        if (isPast) {
          const outcome = await dropUnlessLocked(run, day, beforeMs)
          if (outcome === "much stays") return false
          place = null
          if (outcome === "locked") {
            last = day
            continue
          }
        }
      }
      if (place !== null) {
        place = await forgetRows(step, place)
        if (place !== null) return false
      } else step.left = 0
      throughFor.set(day, beforeMs)
      last = day
    }
    last = Number.POSITIVE_INFINITY
    return true
  }
}

/** @returns "locked" when somebody reads or writes there for long: it has its turn again in the next round. */
async function dropUnlessLocked(
  run: Runner["run"],
  day: number,
  beforeMs: number,
): Promise<"dropped" | "much stays" | "locked"> {
  await run("SAVEPOINT day")
  try {
    return await dropDay(run, day, beforeMs)
  } catch (error) {
    if (!isLockTimeout(error)) throw error
    await run("ROLLBACK TO SAVEPOINT day")
    return "locked"
  }
}

/** Days that have a partition, newest first. */
async function storedDays(run: Runner["run"]): Promise<readonly number[]> {
  const rows = await run(
    `SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'events'::regclass`,
  )
  return rows.map((row) => dayNamed(text(row, "name"))).sort((a, b) => b - a)
}

function dayNamed(partition: string): number {
  const name = partition.slice(-nameOfDay(0).length)
  return dayOf(Date.parse(`${name.slice(0, 4)}-${name.slice(4, 6)}-${name.slice(6, 8)}`))
}

import { number } from "../../columns.ts"
import { nameOfDay, type Partitioned, partitioned, Successor, startOfDayMs } from "../../partitions.ts"
import type { Runner } from "../../session.ts"
import { code } from "../../states.ts"
import { deliveryStays, ofOtherDay } from "./what-stays.ts"

type Run = Runner["run"]

/** What is kept of a day may be so much in relation to what goes before its rows are deleted one by one. */
const rewriteShareMax = 0.5

/**
 * Removes a whole day by dropping its partitions. What still waits there, ended late, or is an event of a later
 * delivery, is first moved into fresh partitions for the same day: so what is written is in proportion to what stays,
 * not to what goes.
 *
 * @returns "much stays" when nothing was done because its rows are better looked at one by one.
 */
export async function dropDay(run: Run, day: number, beforeMs: number): Promise<"dropped" | "much stays"> {
  const suffix = nameOfDay(day)
  // Whoever waits the other way round is to go first: this can be tried again. Writers of this day alone wait; the rest
  // of the tables is locked for a moment at the end.
  await run("SET LOCAL lock_timeout = '500ms'")
  // A replay holds the rows of its events until its deliveries are stored, which a weaker lock would not wait for.
  await run(`LOCK TABLE events_${suffix} IN EXCLUSIVE MODE`)
  for (const table of partitioned) await run(`LOCK TABLE ${table}_${suffix} IN SHARE ROW EXCLUSIVE MODE`)
  const span = [startOfDayMs(day), startOfDayMs(day + 1)] as const
  const [counts] = await run(
    `SELECT (SELECT count(*) FROM deliveries_${suffix}) AS deliveries,
       (SELECT count(*) FROM deliveries_${suffix} d WHERE ${deliveryStays}) AS stay,
       (SELECT count(*) FROM deliveries d WHERE ${ofOtherDay} AND d.event_minted_ms >= $2 AND d.event_minted_ms < $3)
         AS of_later_days`,
    [beforeMs, ...span],
  )
  if (counts === undefined) return "much stays"
  const later = number(counts, "of_later_days")
  const kept = number(counts, "stay") + later
  if (kept > 0 && kept > (number(counts, "deliveries") + later) * rewriteShareMax) return "much stays"
  const successors = kept > 0 ? await keep(run, day, beforeMs, span) : null
  for (const table of partitioned) {
    await run(`ALTER TABLE ${table} DETACH PARTITION ${table}_${suffix}`)
    await run(`DROP TABLE ${table}_${suffix}`)
    await successors?.get(table)?.replace()
  }
  return "dropped"
}

/** @throws when somebody reads the tables for long (an export, a backup): found only at the end, all would be in vain. */
async function couldBeDetached(run: Run): Promise<void> {
  await run("SAVEPOINT trying")
  for (const table of partitioned) await run(`LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`)
  await run("ROLLBACK TO SAVEPOINT trying")
}

async function keep(
  run: Run,
  day: number,
  beforeMs: number,
  span: readonly [number, number],
): Promise<ReadonlyMap<Partitioned, Successor>> {
  await couldBeDetached(run)
  const suffix = nameOfDay(day)
  const successors = new Map<Partitioned, Successor>()
  const into = async (table: Partitioned, select: string, values: readonly number[]) => {
    const successor = new Successor(run, table, day)
    await successor.create()
    await run(`INSERT INTO ${successor.name} ${select}`, values)
    successors.set(table, successor)
  }
  await into("deliveries", `SELECT d.* FROM deliveries_${suffix} d WHERE ${deliveryStays}`, [beforeMs])
  await into(
    "attempts",
    `SELECT a.* FROM attempts_${suffix} a JOIN kept_deliveries_${suffix} d
     ON d.workspace_id = a.workspace_id AND d.id = a.delivery_id AND d.minted_ms = a.minted_ms`,
    [],
  )
  // An event goes once none of its deliveries is left, in whatever day.
  await into(
    "events",
    `SELECT e.* FROM events_${suffix} e JOIN (
       SELECT workspace_id, event_id, event_minted_ms FROM kept_deliveries_${suffix}
       UNION SELECT workspace_id, event_id, event_minted_ms FROM deliveries d
         WHERE ${ofOtherDay} AND d.event_minted_ms >= $1 AND d.event_minted_ms < $2) d
     ON d.workspace_id = e.workspace_id AND d.event_id = e.id AND d.event_minted_ms = e.minted_ms`,
    span,
  )
  await keepMinutes(run, suffix, into)
  for (const successor of successors.values()) await successor.buildIndexes()
  return successors
}

/** Of the minutes with a delivery left: what they counted of attempts, and the deliveries counted anew. */
async function keepMinutes(
  run: Run,
  suffix: string,
  into: (table: Partitioned, select: string, values: readonly number[]) => Promise<void>,
): Promise<void> {
  const kept = `(SELECT workspace_id, webhook_id, minted_ms / 60000 AS minute,
      count(*) FILTER (WHERE state IN (0, 2) AND attempts = 0) AS pending,
      count(*) FILTER (WHERE state IN (0, 2) AND attempts > 0) AS retrying,
      count(*) FILTER (WHERE state = ${code.delivered}) AS delivered,
      count(*) FILTER (WHERE state = ${code.exhausted}) AS exhausted,
      count(*) FILTER (WHERE state = ${code.expired}) AS expired,
      count(*) FILTER (WHERE state = ${code.cancelled}) AS cancelled
    FROM kept_deliveries_${suffix} GROUP BY 1, 2, 3) k`
  const same = "m.workspace_id = k.workspace_id AND m.webhook_id = k.webhook_id AND m.minute = k.minute"
  await into("webhook_minutes", `SELECT m.* FROM webhook_minutes_${suffix} m JOIN ${kept} ON ${same}`, [])
  // Acceptance's side, because there is one of it for each minute with a delivery, holds all of the new count.
  const counted = (name: string) => `${name} = CASE WHEN m.side = 0 THEN k.${name} ELSE 0 END`
  await run(
    `UPDATE kept_webhook_minutes_${suffix} m SET ${["pending", "retrying", "delivered", "exhausted", "expired", "cancelled"].map(counted).join(", ")}
     FROM ${kept} WHERE ${same}`,
  )
}

import { number, text } from "../columns.ts"
import { jobLock, lockClass } from "../migrate.ts"
import { nameOfDay, partitioned, startOfDayMs } from "../partitions.ts"
import type { Row, Runner } from "../session.ts"

type Run = Runner["run"]

/** What is kept of a partition may be so much in relation to what goes before its rows are deleted one by one. */
const rewriteShareMax = 0.5

/**
 * One step of retention; see `Store.forget`. Whole days past the limit go by dropping their partitions. What still
 * waits there, or ended late, is first moved into a fresh partition for the same day: so the work is in proportion to
 * what stays, not to what goes. Only the day the limit lies in is deleted from row by row, and with `wholeDays` none.
 *
 * One node at a time: others find the lock taken and have nothing to do.
 * @returns whether there is more to remove.
 */
export async function forget(run: Run, beforeMs: number, limit: number): Promise<boolean> {
  const [lock] = await run(`SELECT pg_try_advisory_xact_lock(${lockClass.jobs}, ${jobLock.forget}) AS got`)
  if (lock?.got !== true) return false
  if (await removeDeletedWorkspace(run, limit)) return true
  for (const day of await storedDays(run)) {
    if (startOfDayMs(day) >= beforeMs) break
    const whole = startOfDayMs(day + 1) <= beforeMs
    if (whole ? await forgetDay(run, day, beforeMs, limit) : await forgetRows(run, day, beforeMs, limit)) return true
  }
  await removeEmptied(run, beforeMs)
  return false
}

/** Days that have a partition, oldest first. */
async function storedDays(run: Run): Promise<readonly number[]> {
  const rows = await run(
    `SELECT c.relname::text AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = 'events'::regclass ORDER BY 1`,
  )
  return rows.map((row) => {
    const name = text(row, "name").slice("events_".length)
    return Date.parse(`${name.slice(0, 4)}-${name.slice(4, 6)}-${name.slice(6, 8)}`) / 86_400_000
  })
}

const stays = "(d.state IN (0, 2) OR coalesce(d.ended_ms, d.created_ms) >= $1)"

/** An event goes once none of its deliveries is left, in whatever partition; one accepted late stays as well. */
const eventStays = `(e.accepted_ms >= $1 OR EXISTS (SELECT 1 FROM deliveries d
  WHERE d.workspace_id = e.workspace_id AND d.event_id = e.id AND (${stays} OR d.minted_ms >= $2)))`

async function forgetDay(run: Run, day: number, beforeMs: number, limit: number): Promise<boolean> {
  const suffix = nameOfDay(day)
  const endMs = startOfDayMs(day + 1)
  // Writers of this day alone wait; the rest of the table is locked for a moment at the end.
  await run("SET LOCAL lock_timeout = '500ms'")
  for (const table of partitioned) await run(`LOCK TABLE ${table}_${suffix} IN SHARE ROW EXCLUSIVE MODE`)
  const [counts] = await run(
    `SELECT (SELECT count(*) FROM deliveries_${suffix}) AS deliveries,
       (SELECT count(*) FROM deliveries_${suffix} d WHERE ${stays}) AS deliveries_stay,
       (SELECT count(*) FROM events_${suffix}) AS events,
       (SELECT count(*) FROM events_${suffix} e WHERE ${eventStays}) AS events_stay`,
    [beforeMs, endMs],
  )
  if (counts === undefined) return false
  const all = number(counts, "deliveries") + number(counts, "events")
  const kept = number(counts, "deliveries_stay") + number(counts, "events_stay")
  if (kept === all && all > 0) return false
  if (kept > all * rewriteShareMax) return forgetRows(run, day, beforeMs, limit)
  if (kept > 0) {
    await keep(run, "deliveries", suffix, `SELECT d.* FROM deliveries_${suffix} d WHERE ${stays}`, [beforeMs])
    await keep(
      run,
      "attempts",
      suffix,
      `SELECT a.* FROM attempts_${suffix} a JOIN deliveries_${suffix} d
      ON d.workspace_id = a.workspace_id AND d.id = a.delivery_id AND d.minted_ms = a.minted_ms WHERE ${stays}`,
      [beforeMs],
    )
    await keep(run, "events", suffix, `SELECT e.* FROM events_${suffix} e WHERE ${eventStays}`, [beforeMs, endMs])
  }
  await run(
    `DELETE FROM idempotency_keys k WHERE k.minted_ms >= $1 AND k.minted_ms < $2 ${
      kept === 0
        ? ""
        : `AND NOT EXISTS (SELECT 1 FROM kept_events_${suffix} e WHERE e.workspace_id = k.workspace_id AND e.id = k.event_id)`
    }`,
    [startOfDayMs(day), endMs],
  )
  // In the order in which a statement of the engine locks them.
  for (const table of partitioned) {
    await run(`ALTER TABLE ${table} DETACH PARTITION ${table}_${suffix}`)
    await run(`DROP TABLE ${table}_${suffix}`)
    if (kept === 0) continue
    await run(`ALTER TABLE kept_${table}_${suffix} RENAME TO ${table}_${suffix}`)
    await run(
      `ALTER TABLE ${table} ATTACH PARTITION ${table}_${suffix} FOR VALUES FROM (${startOfDayMs(day)}) TO (${endMs})`,
    )
  }
  return true
}

async function keep(run: Run, table: string, suffix: string, select: string, values: readonly number[]): Promise<void> {
  await run(`CREATE TABLE kept_${table}_${suffix} (LIKE ${table} INCLUDING DEFAULTS)`)
  await run(`INSERT INTO kept_${table}_${suffix} ${select}`, values)
}

/** Removes rows of one day one by one. @returns whether there may be more. */
async function forgetRows(run: Run, day: number, beforeMs: number, limit: number): Promise<boolean> {
  const suffix = nameOfDay(day)
  // Half for each kind: deliveries that end alone would leave their events for later, and the step be over.
  const half = Math.ceil(limit / 2)
  const rows: readonly Row[] = await run(
    `WITH gone AS (
       DELETE FROM deliveries_${suffix} WHERE (workspace_id, id, minted_ms) IN (
         SELECT workspace_id, id, minted_ms FROM deliveries_${suffix} d WHERE NOT ${stays}
         ORDER BY workspace_id, id LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING workspace_id, id, minted_ms
     ), attempts_gone AS (
       DELETE FROM attempts_${suffix} a USING gone
       WHERE a.workspace_id = gone.workspace_id AND a.delivery_id = gone.id AND a.minted_ms = gone.minted_ms
     )
     SELECT count(*) AS removed FROM gone`,
    [beforeMs, half],
  )
  const removed = rows[0] === undefined ? 0 : number(rows[0], "removed")
  // A statement of its own, so that it sees which deliveries are gone.
  const events = await run(
    `WITH gone AS (
       DELETE FROM events_${suffix} WHERE (workspace_id, id, minted_ms) IN (
         SELECT workspace_id, id, minted_ms FROM events_${suffix} e WHERE e.accepted_ms < $1
           AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.workspace_id = e.workspace_id AND d.event_id = e.id)
         ORDER BY workspace_id, id LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING workspace_id, id, idempotency_key
     ), keys_gone AS (
       DELETE FROM idempotency_keys k USING gone
       WHERE k.workspace_id = gone.workspace_id AND k.key = gone.idempotency_key AND k.event_id = gone.id
     )
     SELECT count(*) AS removed FROM gone`,
    [beforeMs, half],
  )
  return removed >= half || (events[0] !== undefined && number(events[0], "removed") >= half)
}

/** What a round ends with: tombstones without deliveries, replays that ended long ago, minutes nobody can ask for. */
async function removeEmptied(run: Run, beforeMs: number): Promise<void> {
  const gone = await run(
    `DELETE FROM webhooks w WHERE w.deleted AND (w.record::json ->> 'deletedMs')::bigint < $1
       AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.workspace_id = w.workspace_id AND d.webhook_id = w.webhook_id)
     RETURNING workspace_id, webhook_id`,
    [beforeMs],
  )
  for (const row of gone)
    for (const table of ["webhook_sequences", "webhook_health", "webhook_minutes"])
      await run(`DELETE FROM ${table} WHERE workspace_id = $1 AND webhook_id = $2`, [
        text(row, "workspace_id"),
        text(row, "webhook_id"),
      ])
  await run("DELETE FROM replays WHERE state <> 'running' AND updated_ms < $1", [beforeMs])
  await run("DELETE FROM webhook_minutes WHERE minute < $1", [Math.floor(beforeMs / 60_000)])
}

/** Removes a deleted workspace step by step, whatever the age and state of what it holds. */
async function removeDeletedWorkspace(run: Run, limit: number): Promise<boolean> {
  const [workspace] = await run("SELECT workspace_id FROM workspaces WHERE deleted_ms IS NOT NULL LIMIT 1")
  if (workspace === undefined) return false
  const id = text(workspace, "workspace_id")
  let left = limit
  for (const [table, key] of [
    ["attempts", "delivery_id"],
    ["deliveries", "id"],
    ["events", "id"],
  ] as const) {
    if (left <= 0) return true
    const rows = await run(
      `WITH picked AS (SELECT ${key} AS id, minted_ms FROM ${table} WHERE workspace_id = $1 LIMIT $2), gone AS (
         DELETE FROM ${table} t USING picked p
         WHERE t.workspace_id = $1 AND t.${key} = p.id AND t.minted_ms = p.minted_ms RETURNING 1)
       SELECT count(*) AS removed FROM gone`,
      [id, left],
    )
    left -= rows[0] === undefined ? 0 : number(rows[0], "removed")
  }
  if (left <= 0) return true
  const rest = ["idempotency_keys", "webhook_sequences", "webhook_health", "webhook_minutes", "webhooks", "replays"]
  for (const table of [...rest, "api_keys", "event_types", "workspaces"])
    await run(`DELETE FROM ${table} WHERE workspace_id = $1`, [id])
  return true
}

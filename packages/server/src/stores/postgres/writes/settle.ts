import type { Acceptance, Settlement } from "../../../ports/store.ts"
import { minuteOf } from "../../minute.ts"
import { number, numberOrNull, text, textOrNull } from "../columns.ts"
import { codeOf, isRivalry } from "../failure.ts"
import { arrayOf, columns, joinedColumns, separated } from "../literals.ts"
import { mintedMs } from "../minted.ts"
import { addMinutes, Minutes, nameOfMinute, side } from "../minutes.ts"
import type { Row, Runner, Session } from "../session.ts"
import { code } from "../states.ts"
import { acceptKeyed } from "./accept.ts"
import { asAccepted, type Before, type Health, type Moved, move, type Named } from "./move.ts"
import type { OwnedLatencies, WebhookMinute } from "./owned-latencies.ts"

/**
 * Nothing is found, and so nothing written, on any session but the one that holds the locks of these shards: its token
 * tells it, and dies with it. `seen` is the version of the row (PostgreSQL's manual, "System Columns", `xmin`). Whether
 * the attempt is recorded already is looked up only where one of its number can be there.
 */
const findDeliveries = `
SELECT d.workspace_id, d.id, d.state, d.attempts, d.due_ms, d.ended_ms, d.because, d.last_status_code,
  d.last_error_code, d.window_from_ms, d.xmin::text AS seen,
  EXISTS (SELECT FROM attempts a WHERE d.attempts >= s.number AND a.workspace_id = d.workspace_id
    AND a.delivery_id = d.id AND a.number = s.number AND a.at_ms = s.at_ms AND a.minted_ms = d.minted_ms
    AND a.minted_ms BETWEEN $4 AND $5) AS recorded
FROM unnest(${separated(1)}, ${separated(2)}, $3::bigint[], $7::integer[], $8::bigint[]) WITH ORDINALITY
  AS s (workspace_id, id, minted_ms, number, at_ms, place)
JOIN deliveries d ON d.workspace_id = s.workspace_id AND d.id = s.id AND d.minted_ms = s.minted_ms
  AND d.minted_ms BETWEEN $4 AND $5
WHERE current_setting('tocsin.token', true) = $6`

/** Rows are locked in the order given, until the end of the transaction. */
const lockDeliveries = `${findDeliveries} ORDER BY s.place FOR UPDATE OF d`

/**
 * The minutes are joined with the health only to be written after it: the order in which all writers lock these rows.
 * The health comes as `HealthCounts` of the batch alone, from nothing: a success in it begins the count anew.
 *
 * Writes everything, or fails with `overtaken` where a delivery is no longer as it was found, or was taken to be (fresh,
 * where it has not been looked at), or this is no longer the session that found it.
 */
const writeBatch = `
WITH moved AS (
  UPDATE deliveries d SET state = s.state, attempts = s.attempts, due_ms = s.due_ms, ended_ms = s.ended_ms,
    because = s.because, last_status_code = s.last_status_code, last_error_code = s.last_error_code
  FROM unnest(${separated(1)}, ${separated(2)}, ${separated(3)}, ${separated(4)}, ${separated(5)}, $6::bigint[],
      $7::smallint[], $8::integer[], $9::bigint[], $10::bigint[], $11::integer[])
    AS s (workspace_id, id, because, last_error_code, seen, minted_ms, state, attempts, due_ms, ended_ms,
      last_status_code)
  WHERE d.workspace_id = s.workspace_id AND d.id = s.id AND d.minted_ms = s.minted_ms
    AND CASE WHEN s.seen IS NULL THEN d.state = ${code.fresh} ELSE d.xmin = s.seen::xid END
    AND d.minted_ms BETWEEN $12 AND $13 AND current_setting('tocsin.token', true) = $29
  RETURNING 1
), made AS (
  INSERT INTO attempts (workspace_id, delivery_id, detail, minted_ms, number, at_ms, duration_ms, status_code)
  -- Those recorded already are left out before. Should one slip through: refused, it would be sent again for ever.
  SELECT * FROM unnest(${separated(14)}, ${separated(15)}, ${separated(16)}, $17::bigint[], $18::integer[],
    $19::bigint[], $20::float8[], $21::integer[])
  ON CONFLICT DO NOTHING
), health AS (
  INSERT INTO webhook_health AS h (workspace_id, webhook_id, ended, consecutive_failures, failing_since_ms,
    last_success_ms)
  SELECT * FROM unnest(${separated(22)}, ${separated(23)}, $24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[])
  ON CONFLICT (workspace_id, webhook_id) DO UPDATE SET ended = h.ended + excluded.ended,
    consecutive_failures = excluded.consecutive_failures
      + CASE WHEN excluded.last_success_ms IS NULL THEN h.consecutive_failures ELSE 0 END,
    failing_since_ms = CASE WHEN excluded.last_success_ms IS NULL
      THEN coalesce(h.failing_since_ms, excluded.failing_since_ms) ELSE excluded.failing_since_ms END,
    last_success_ms = greatest(h.last_success_ms, excluded.last_success_ms)
  RETURNING workspace_id, webhook_id
), minutes AS (
  ${addMinutes(30, side.settling, "JOIN health h ON h.workspace_id = m.workspace_id AND h.webhook_id = m.webhook_id")}
)
SELECT CASE WHEN count(*) <> $28::bigint
  THEN ('tocsin: ' || count(*) || ' of ' || $28::bigint || ' as they were found, done again under locks')::integer END
FROM moved`

/** A text that is no number: as much as a plain statement can do to undo itself, and to say why in the server's log. */
const overtaken = "22P02"

/**
 * Records attempts and moves their deliveries; see `Store.settle`. What has been forgotten meanwhile is left alone.
 *
 * Hardly ever does another touch a delivery that is being settled, and one that has its first attempt is as accepting
 * left it. So only the others are read before, without a lock, and all are written in one statement, which is a
 * transaction by itself: half the ways to the database and back, and no mark on each row before the change of it. Where
 * somebody did, or a first attempt was recorded already, it is done again under locks.
 *
 * @param latencies of the shards' minutes, as this node's own settlements have left them.
 * @param batchNow asked once no other can take its turn on this session: a shard is let go only in a turn. Each delivery
 *   at most once.
 * @returns that batch.
 */
export function settleBatch(
  session: Session,
  token: string,
  latencies: OwnedLatencies,
  batchNow: () => readonly Settlement[],
): Promise<readonly Settlement[]> {
  return session.alone(async () => {
    const batch = batchNow()
    if (batch.length === 0) return batch
    const named = batch.map((settlement) => ({
      settlement,
      name: nameOf(settlement),
      mintedMs: mintedMs(settlement.deliveryId),
    }))
    try {
      if (!(await settledAtOnce(session, token, latencies, named))) await settleLocked(session, token, latencies, named)
    } catch (error) {
      // It may have been written all the same.
      latencies.forget()
      throw error
    }
    return batch
  })
}

/** @returns false when others were there before it, or it needs more than one statement: nothing is written then. */
async function settledAtOnce(
  session: Session,
  token: string,
  latencies: OwnedLatencies,
  batch: readonly Named[],
): Promise<boolean> {
  if (broughtBy(batch.map(({ settlement }) => settlement)).length > 0) return false
  const run: Runner["run"] = (...statement) => session.run(...statement)
  const [toFind, first] = [batch.filter((each) => !isFirst(each)), new Set(batch.filter(isFirst))]
  try {
    // Sent together: one way to the database and back.
    const [found] = await Promise.all([find(run, findDeliveries, token, toFind), latencies.read(run, minutesOf(batch))])
    await write(run, token, latencies, batch, (each) => (first.has(each) ? asAccepted : beforeOf(each, found)))
    return true
  } catch (error) {
    if (codeOf(error) === overtaken || isRivalry(error)) return false
    throw error
  }
}

function settleLocked(
  session: Session,
  token: string,
  latencies: OwnedLatencies,
  batch: readonly Named[],
): Promise<void> {
  return session.inTransaction(async (run) => {
    const [found] = await Promise.all([find(run, lockDeliveries, token, batch), latencies.read(run, minutesOf(batch))])
    await write(run, token, latencies, batch, (each) => beforeOf(each, found))
    const brought = broughtBy(batch.flatMap(({ settlement, name }) => (found.has(name) ? [settlement] : [])))
    if (brought.length > 0) await acceptKeyed({ run }, brought)
  })
}

/** So its delivery is fresh, unless somebody was there before it. */
function isFirst({ settlement: { attempt } }: Named): boolean {
  return attempt?.number === 1
}

/** @returns the rows that were found, by their names. */
async function find(
  run: Runner["run"],
  finding: string,
  token: string,
  batch: readonly Named[],
): Promise<ReadonlyMap<string, Row>> {
  if (batch.length === 0) return new Map()
  const sorted = [...batch].sort((a, b) => (a.name < b.name ? -1 : 1))
  const minted = sorted.map((each) => each.mintedMs)
  const found = await run(finding, [
    ...joinedColumns(
      sorted,
      ({ settlement }) => settlement.workspaceId,
      ({ settlement }) => settlement.deliveryId,
    ),
    arrayOf(minted),
    Math.min(...minted),
    Math.max(...minted),
    token,
    ...columns(
      sorted,
      ({ settlement: { attempt } }) => attempt?.number ?? null,
      ({ settlement: { attempt } }) => attempt?.atMs ?? null,
    ),
  ])
  return new Map(found.map((row) => [`${text(row, "workspace_id")} ${text(row, "id")}`, row]))
}

/** @returns null when it is gone, or its attempt is recorded. */
function beforeOf({ settlement, name }: Named, found: ReadonlyMap<string, Row>): Before | null {
  const row = found.get(name)
  if (row === undefined || isMade(settlement, row)) return null
  return {
    state: number(row, "state"),
    attempts: number(row, "attempts"),
    dueMs: numberOrNull(row, "due_ms"),
    endedMs: numberOrNull(row, "ended_ms"),
    because: textOrNull(row, "because"),
    lastStatusCode: numberOrNull(row, "last_status_code"),
    lastErrorCode: textOrNull(row, "last_error_code"),
    seen: text(row, "seen"),
  }
}

/** The events that settlements bring about. */
export function broughtBy(batch: readonly Settlement[]): readonly Acceptance[] {
  return batch.flatMap(({ workspaceId, brings }) => (brings ? [{ workspaceId, events: [brings] }] : []))
}

async function write(
  run: Runner["run"],
  token: string,
  latencies: OwnedLatencies,
  batch: readonly Named[],
  before: (each: Named) => Before | null,
): Promise<void> {
  const healths = new Map<string, Health>()
  const minutes = new Minutes()
  const moved: Moved[] = []
  // In the order of the calls: a webhook's failures and successes count as they came.
  for (const each of batch) {
    const was = before(each)
    if (was !== null) moved.push(move(each, was, healths, minutes))
  }
  if (moved.length === 0) return
  const written = minutes.addLatencies(latencies)
  const attempted = moved.flatMap(({ settlement: { workspaceId, deliveryId, attempt }, mintedMs: minted }) =>
    attempt === null ? [] : [{ workspaceId, deliveryId, attempt, minted }],
  )
  const sortedHealths = [...healths].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, health]) => health)
  const minted = moved.map((each) => each.mintedMs)
  await run(writeBatch, [
    ...joinedColumns(
      moved,
      ({ settlement }) => settlement.workspaceId,
      ({ settlement }) => settlement.deliveryId,
      ({ to }) => to.because,
      (each) => each.lastErrorCode,
      (each) => each.seen,
    ),
    arrayOf(minted),
    ...columns(
      moved,
      ({ to }) => to.state,
      (each) => each.attempts,
      ({ to }) => to.dueMs,
      ({ to }) => to.endedMs,
      (each) => each.lastStatusCode,
    ),
    Math.min(...minted),
    Math.max(...minted),
    ...joinedColumns(
      attempted,
      (each) => each.workspaceId,
      (each) => each.deliveryId,
      ({ attempt }) => attempt.detail,
    ),
    ...columns(
      attempted,
      (each) => each.minted,
      ({ attempt }) => attempt.number,
      ({ attempt }) => attempt.atMs,
      ({ attempt }) => attempt.durationMs,
      ({ attempt }) => attempt.statusCode,
    ),
    ...joinedColumns(
      sortedHealths,
      (health) => health.workspaceId,
      (health) => health.webhookId,
    ),
    ...columns(
      sortedHealths,
      (health) => health.ended,
      (health) => health.consecutiveFailures,
      (health) => health.failingSinceMs,
      (health) => health.lastSuccessMs,
    ),
    moved.length,
    token,
    ...minutes.columns(),
  ])
  latencies.keep(written)
}

/** By a commit whose answer was lost: it is all there, and what was asked for since then stands. */
function isMade({ windowFromMs }: Settlement, row: Row): boolean {
  return row.recorded === true || (windowFromMs !== undefined && windowFromMs !== number(row, "window_from_ms"))
}

/** Each minute in which a webhook was attempted and answered, once: mostly one for each webhook of the batch. */
function minutesOf(batch: readonly Named[]): readonly WebhookMinute[] {
  const found = new Map<string, WebhookMinute>()
  for (const { settlement } of batch) {
    const { workspaceId, webhookId, attempt } = settlement
    if (attempt === null || attempt.statusCode === null) continue
    const minute = minuteOf(attempt.atMs)
    const name = nameOfMinute(workspaceId, webhookId, minute)
    if (!found.has(name)) found.set(name, { workspaceId, webhookId, minute, name })
  }
  return [...found.values()]
}

function nameOf({ workspaceId, deliveryId }: Settlement): string {
  return `${workspaceId} ${deliveryId}`
}

import type { Next } from "../../../domain/delivery.ts"
import { countAttempt, type HealthCounts } from "../../../domain/webhook-health.ts"
import type { Acceptance, Settlement } from "../../../ports/store.ts"
import { minuteOf } from "../../minute.ts"
import { number, numberOrNull, text, textOrNull } from "../columns.ts"
import { codeOf, isRivalry } from "../failure.ts"
import { columns } from "../literals.ts"
import { mintedMs } from "../minted.ts"
import { addMinutes, findLatencies, Minutes, side } from "../minutes.ts"
import type { Row, Runner, Session } from "../session.ts"
import { bucket, code, isWaiting } from "../states.ts"
import { acceptKeyed } from "./accept.ts"

/**
 * Nothing is found, and so nothing written, on any session but the one that holds the locks of these shards: its token
 * tells it, and dies with it. `seen` is the version of the row (PostgreSQL's manual, "System Columns", `xmin`). Whether
 * the attempt is recorded already is looked up only where one of its number can be there.
 */
const findDeliveries = `
SELECT d.workspace_id, d.id, d.webhook_id, d.state, d.attempts, d.due_ms, d.ended_ms, d.because,
  d.last_status_code, d.last_error_code, d.window_from_ms, d.xmin::text AS seen, h.consecutive_failures, h.failing_since_ms,
  h.last_success_ms,
  EXISTS (SELECT FROM attempts a WHERE d.attempts >= s.number AND a.workspace_id = d.workspace_id
    AND a.delivery_id = d.id AND a.number = s.number AND a.at_ms = s.at_ms AND a.minted_ms = d.minted_ms
    AND a.minted_ms BETWEEN $4 AND $5) AS recorded
FROM unnest($1::text[], $2::text[], $3::bigint[], $7::integer[], $8::bigint[]) WITH ORDINALITY
  AS s (workspace_id, id, minted_ms, number, at_ms, place)
JOIN deliveries d ON d.workspace_id = s.workspace_id AND d.id = s.id AND d.minted_ms = s.minted_ms
  AND d.minted_ms BETWEEN $4 AND $5
LEFT JOIN webhook_health h ON h.workspace_id = d.workspace_id AND h.webhook_id = d.webhook_id
WHERE current_setting('tocsin.token', true) = $6`

/** Rows are locked in the order given, until the end of the transaction. */
const lockDeliveries = `${findDeliveries} ORDER BY s.place FOR UPDATE OF d`

/**
 * The minutes are joined with the health only to be written after it: the order in which all writers lock these rows.
 *
 * Writes everything, or fails with `overtaken` where a delivery is no longer as it was found, or this no longer the
 * session that found it.
 */
const writeBatch = `
WITH moved AS (
  UPDATE deliveries d SET state = s.state, attempts = s.attempts, due_ms = s.due_ms, ended_ms = s.ended_ms,
    because = s.because, last_status_code = s.last_status_code, last_error_code = s.last_error_code
  FROM unnest($1::text[], $2::text[], $3::bigint[], $4::smallint[], $5::integer[], $6::bigint[], $7::bigint[],
      $8::text[], $9::integer[], $10::text[], $11::text[])
    AS s (workspace_id, id, minted_ms, state, attempts, due_ms, ended_ms, because, last_status_code, last_error_code,
      seen)
  WHERE d.workspace_id = s.workspace_id AND d.id = s.id AND d.minted_ms = s.minted_ms AND d.xmin = s.seen::xid
    AND d.minted_ms BETWEEN $12 AND $13 AND current_setting('tocsin.token', true) = $29
  RETURNING 1
), made AS (
  INSERT INTO attempts (workspace_id, delivery_id, minted_ms, number, at_ms, duration_ms, status_code, detail)
  -- Those recorded already are left out before. Should one slip through: refused, it would be sent again for ever.
  SELECT * FROM unnest($14::text[], $15::text[], $16::bigint[], $17::integer[], $18::bigint[], $19::float8[],
    $20::integer[], $21::text[])
  ON CONFLICT DO NOTHING
), health AS (
  INSERT INTO webhook_health AS h (workspace_id, webhook_id, ended, consecutive_failures, failing_since_ms,
    last_success_ms)
  SELECT * FROM unnest($22::text[], $23::text[], $24::bigint[], $25::bigint[], $26::bigint[], $27::bigint[])
  ON CONFLICT (workspace_id, webhook_id) DO UPDATE SET ended = h.ended + excluded.ended,
    consecutive_failures = excluded.consecutive_failures, failing_since_ms = excluded.failing_since_ms,
    last_success_ms = excluded.last_success_ms
  RETURNING workspace_id, webhook_id
), minutes AS (
  ${addMinutes(30, side.settling, "JOIN health h ON h.workspace_id = m.workspace_id AND h.webhook_id = m.webhook_id")}
)
SELECT CASE WHEN count(*) <> $28::bigint
  THEN ('tocsin: ' || count(*) || ' of ' || $28::bigint || ' as they were found, done again under locks')::integer END
FROM moved`

/** A text that is no number: as much as a plain statement can do to undo itself, and to say why in the server's log. */
const overtaken = "22P02"

type Health = HealthCounts & {
  readonly workspaceId: string
  readonly webhookId: string
  ended: number
}

type Moved = {
  readonly settlement: Settlement
  readonly mintedMs: number
  readonly to: Position
  readonly attempts: number
  readonly lastStatusCode: number | null
  readonly lastErrorCode: string | null
  readonly seen: string
}

/**
 * Records attempts and moves their deliveries; see `Store.settle`. What has been forgotten meanwhile is left alone.
 * The health of a webhook is written whole: nobody but the owner of its shard, which this session is, settles for it.
 *
 * Hardly ever does another touch a delivery that is being settled. So it is found without a lock and written in one
 * statement, which is a transaction by itself: half the ways to the database and back, and no mark on each row before
 * the change of it. When somebody did, it is done again under locks.
 *
 * @param batchNow asked once no other can take its turn on this session: a shard is let go only in a turn. Each delivery
 *   at most once.
 * @returns that batch.
 */
export function settleBatch(
  session: Session,
  token: string,
  batchNow: () => readonly Settlement[],
): Promise<readonly Settlement[]> {
  return session.alone(async () => {
    const batch = batchNow()
    if (batch.length > 0 && !(await settledAtOnce(session, token, batch))) await settleLocked(session, token, batch)
    return batch
  })
}

/** @returns false when others were there before it, or it needs more than one statement: nothing is written then. */
async function settledAtOnce(session: Session, token: string, batch: readonly Settlement[]): Promise<boolean> {
  if (broughtBy(batch).length > 0) return false
  try {
    await settle((...statement) => session.run(...statement), findDeliveries, token, batch)
    return true
  } catch (error) {
    if (codeOf(error) === overtaken || isRivalry(error)) return false
    throw error
  }
}

function settleLocked(session: Session, token: string, batch: readonly Settlement[]): Promise<void> {
  return session.inTransaction(async (run) => {
    const rows = await settle(run, lockDeliveries, token, batch)
    const brought = broughtBy(batch.filter((settlement) => rows.has(nameOf(settlement))))
    if (brought.length > 0) await acceptKeyed({ run }, brought)
  })
}

/** @returns the rows that were found, by their names. */
async function settle(
  run: Runner["run"],
  finding: string,
  token: string,
  batch: readonly Settlement[],
): Promise<ReadonlyMap<string, Row>> {
  const sorted = [...batch].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const minted = sorted.map(({ deliveryId }) => mintedMs(deliveryId))
  const attempted = minutesOf(batch)
  const minutes = attempted.map(({ minute }) => minute)
  // Sent together: one way to the database and back.
  const [latencies, found] = await Promise.all([
    attempted.length === 0
      ? []
      : run(findLatencies, [...columns(attempted, ...minuteColumns), Math.min(...minutes), Math.max(...minutes)]),
    run(finding, [
      ...columns(
        sorted,
        (each) => each.workspaceId,
        (each) => each.deliveryId,
        (each) => mintedMs(each.deliveryId),
      ),
      Math.min(...minted),
      Math.max(...minted),
      token,
      ...columns(
        sorted,
        ({ attempt }) => attempt?.number ?? null,
        ({ attempt }) => attempt?.atMs ?? null,
      ),
    ]),
  ])
  const rows = new Map(found.map((row) => [`${text(row, "workspace_id")} ${text(row, "id")}`, row]))
  // In the order of the calls: a webhook's failures and successes count as they came.
  await write(run, token, batch, rows, latencies)
  return rows
}

/** The events that settlements bring about. */
export function broughtBy(batch: readonly Settlement[]): readonly Acceptance[] {
  return batch.flatMap(({ workspaceId, brings }) => (brings ? [{ workspaceId, events: [brings] }] : []))
}

async function write(
  run: Runner["run"],
  token: string,
  batch: readonly Settlement[],
  rows: ReadonlyMap<string, Row>,
  latencies: readonly Row[],
): Promise<void> {
  const healths = new Map<string, Health>()
  const minutes = new Minutes()
  const moved: Moved[] = []
  for (const settlement of batch) {
    const row = rows.get(nameOf(settlement))
    if (row !== undefined && !isMade(settlement, row)) moved.push(move(settlement, row, healths, minutes))
  }
  if (moved.length === 0) return
  minutes.addStoredLatencies(latencies)
  const attempted = moved.flatMap(({ settlement, mintedMs: minted }) =>
    settlement.attempt === null ? [] : [{ settlement, attempt: settlement.attempt, minted }],
  )
  const sortedHealths = [...healths].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, health]) => health)
  const mintedAll = moved.map((each) => each.mintedMs)
  await run(writeBatch, [
    ...columns(
      moved,
      ({ settlement }) => settlement.workspaceId,
      ({ settlement }) => settlement.deliveryId,
      (each) => each.mintedMs,
      ({ to }) => to.state,
      (each) => each.attempts,
      ({ to }) => to.dueMs,
      ({ to }) => to.endedMs,
      ({ to }) => to.because,
      (each) => each.lastStatusCode,
      (each) => each.lastErrorCode,
      (each) => each.seen,
    ),
    Math.min(...mintedAll),
    Math.max(...mintedAll),
    ...columns(
      attempted,
      ({ settlement }) => settlement.workspaceId,
      ({ settlement }) => settlement.deliveryId,
      ({ minted }) => minted,
      ({ attempt }) => attempt.number,
      ({ attempt }) => attempt.atMs,
      ({ attempt }) => attempt.durationMs,
      ({ attempt }) => attempt.statusCode,
      ({ attempt }) =>
        // PostgreSQL's text holds no NUL; JSON writes one as an escape, so none is left here.
        attempt.detail,
    ),
    ...columns(
      sortedHealths,
      (health) => health.workspaceId,
      (health) => health.webhookId,
      (health) => health.ended,
      (health) => health.consecutiveFailures,
      (health) => health.failingSinceMs,
      (health) => health.lastSuccessMs,
    ),
    moved.length,
    token,
    ...minutes.columns(),
  ])
}

/** By a commit whose answer was lost: it is all there, and what was asked for since then stands. */
function isMade({ windowFromMs }: Settlement, row: Row): boolean {
  return row.recorded === true || (windowFromMs !== undefined && windowFromMs !== number(row, "window_from_ms"))
}

type AttemptedMinute = { readonly workspaceId: string; readonly webhookId: string; readonly minute: number }
const minuteColumns = [
  (each: AttemptedMinute) => each.workspaceId,
  (each: AttemptedMinute) => each.webhookId,
  (each: AttemptedMinute) => each.minute,
] as const

/** Each minute in which a webhook was attempted and answered, once: mostly one for each webhook of the batch. */
function minutesOf(batch: readonly Settlement[]): readonly AttemptedMinute[] {
  const found = new Map<string, AttemptedMinute>()
  for (const { workspaceId, webhookId, attempt } of batch) {
    if (attempt === null || attempt.statusCode === null) continue
    const minute = minuteOf(attempt.atMs)
    found.set(`${workspaceId} ${webhookId} ${minute}`, { workspaceId, webhookId, minute })
  }
  return [...found.values()]
}

function move(settlement: Settlement, row: Row, healths: Map<string, Health>, minutes: Minutes): Moved {
  const { workspaceId, atMs, attempt, next } = settlement
  const from: Position = {
    state: number(row, "state"),
    dueMs: numberOrNull(row, "due_ms"),
    endedMs: numberOrNull(row, "ended_ms"),
    because: textOrNull(row, "because"),
  }
  const made = number(row, "attempts")
  const minted = mintedMs(settlement.deliveryId)
  const webhookId = text(row, "webhook_id")
  const attempts = attempt === null ? made : Math.max(made, attempt.number)
  const to = after(from, next, atMs)
  const health = healthOf(healths, workspaceId, webhookId, row)
  health.ended += Number(isWaiting(from.state)) - Number(isWaiting(to.state))
  const [before, now] = [bucket(from.state, made), bucket(to.state, attempts)]
  if (before !== now) {
    minutes.count(workspaceId, webhookId, minted, before, -1)
    minutes.count(workspaceId, webhookId, minted, now, 1)
  }
  if (attempt !== null) {
    const succeeded = next.state === "delivered"
    minutes.count(workspaceId, webhookId, attempt.atMs, succeeded ? "succeeded" : "failed", 1)
    if (attempt.statusCode !== null) minutes.took(workspaceId, webhookId, attempt.atMs, attempt.durationMs)
    countAttempt(health, succeeded, atMs)
  }
  return {
    settlement,
    mintedMs: minted,
    to,
    attempts,
    lastStatusCode: attempt === null ? numberOrNull(row, "last_status_code") : attempt.statusCode,
    lastErrorCode: attempt === null ? textOrNull(row, "last_error_code") : (attempt.error?.code ?? null),
    seen: text(row, "seen"),
  }
}

function healthOf(healths: Map<string, Health>, workspaceId: string, webhookId: string, row: Row): Health {
  const name = `${workspaceId} ${webhookId}`
  let health = healths.get(name)
  if (health === undefined) {
    health = {
      workspaceId,
      webhookId,
      ended: 0,
      consecutiveFailures: numberOrNull(row, "consecutive_failures") ?? 0,
      failingSinceMs: numberOrNull(row, "failing_since_ms"),
      lastSuccessMs: numberOrNull(row, "last_success_ms"),
    }
    healths.set(name, health)
  }
  return health
}

type Position = {
  readonly state: number
  readonly dueMs: number | null
  readonly endedMs: number | null
  readonly because: string | null
}

function after(from: Position, next: Next, atMs: number): Position {
  // A delivery that has ended stays as it is, unless what came late is a success.
  if (!isWaiting(from.state) && (next.state !== "delivered" || from.state === code.delivered)) return from
  switch (next.state) {
    case "waiting":
      return { state: code.again, dueMs: next.dueMs, endedMs: null, because: null }
    case "exhausted":
      return { state: code.exhausted, dueMs: null, endedMs: atMs, because: next.because }
    case "delivered":
    case "expired":
    case "cancelled":
      return { state: code[next.state], dueMs: null, endedMs: atMs, because: null }
  }
}

function nameOf({ workspaceId, deliveryId }: Settlement): string {
  return `${workspaceId} ${deliveryId}`
}

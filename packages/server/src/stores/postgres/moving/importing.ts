import type { WorkspaceId } from "../../../domain/ids.ts"
import type { HistoryCounts, Importing, MovedConfiguration, MovedHistory } from "../../../ports/moving.ts"
import { agreedValue } from "../agreeing.ts"
import { number, text } from "../columns.ts"
import { arrayOf, columns } from "../literals.ts"
import { jobLock, lockClass, migrate } from "../migrate.ts"
import { mintedMs } from "../minted.ts"
import { side } from "../minutes.ts"
import { channel } from "../notices/channel.ts"
import { configNotice } from "../notices/config-notice.ts"
import { dayOf, Partitions } from "../partitions.ts"
import { type Runner, Session, SessionPool } from "../session.ts"
import { code } from "../states.ts"
import { nextConfigVersion } from "../writes/configure.ts"

type Run = Runner["run"]
type Configuration<Kind extends MovedConfiguration["kind"]> = Extract<MovedConfiguration, { kind: Kind }>
type History<Kind extends MovedHistory["kind"]> = Extract<MovedHistory, { kind: Kind }>

const unhurried = { statement_timeout: "0", idle_in_transaction_session_timeout: "0", lock_timeout: "0" }

/**
 * Opens a PostgreSQL database to import into. Nodes may run: they see nothing of it before the end, and their retention
 * waits, which would take what waits in a workspace that is not there yet for what nobody waits for. One import at a time.
 *
 * @throws Error of one line when it cannot be reached, holds a newer schema, or another import is under way
 */
export async function openPostgresImporting(url: string): Promise<Importing> {
  await migrate(url)
  const open = () => new Session(url, unhurried, { answerMaxMs: null })
  const lock = open()
  const sessions = new SessionPool(1, open)
  const partitions = new Partitions(sessions)
  async function close(): Promise<void> {
    await Promise.all([sessions.close(), lock.close()])
  }
  try {
    const [row] = await lock.run(`SELECT pg_try_advisory_lock(${lockClass.jobs}, ${jobLock.moving}) AS got`)
    if (row?.got !== true) throw new Error("Another import into this database is under way. Wait until it has ended.")
    await lock.run(`SELECT pg_advisory_lock(${lockClass.jobs}, ${jobLock.forget})`)
  } catch (error) {
    await close()
    throw error
  }

  return {
    taken: (workspaceIds) => sessions.transaction((run) => takenOf(run, workspaceIds)),
    agreed: (name) => agreedValue((...statement) => lock.run(...statement), name),
    async clear(workspaceIds) {
      const taken = new Set(await sessions.transaction((run) => takenOf(run, workspaceIds)))
      const left = workspaceIds.filter((id) => !taken.has(id))
      for (const table of ["attempts", "deliveries", "events", "idempotency_keys", "webhook_minutes", "moved_audit"])
        await sessions.transaction((run) =>
          run(`DELETE FROM ${table} WHERE workspace_id = ANY ($1::text[])`, [arrayOf(left)]),
        )
    },
    async put(records) {
      await partitions.ensure(daysOf(records))
      await sessions.transaction((run) => putHistory(run, records))
    },
    counts: (workspaceIds) => sessions.transaction((run) => countsOf(run, workspaceIds)),
    finish: (workspaceIds, records) => sessions.transaction((run) => finish(run, workspaceIds, records)),
    close,
  }
}

async function takenOf(run: Run, workspaceIds: readonly WorkspaceId[]): Promise<readonly WorkspaceId[]> {
  const rows = await run(
    `SELECT workspace_id FROM workspaces WHERE workspace_id = ANY ($1::text[])
     UNION SELECT workspace_id FROM audit_heads WHERE workspace_id = ANY ($1::text[]) AND sequence > 0`,
    [arrayOf(workspaceIds)],
  )
  const taken = new Set(rows.map((row) => text(row, "workspace_id")))
  return workspaceIds.filter((id) => taken.has(id))
}

function daysOf(records: readonly MovedHistory[]): Set<number> {
  const days = new Set<number>()
  for (const record of records) {
    if (record.kind === "event" || record.kind === "delivery") days.add(dayOf(mintedMs(record.id)))
    // In the partition of its delivery.
    else if (record.kind === "attempt") days.add(dayOf(mintedMs(record.deliveryId)))
    else if (record.kind === "minute") days.add(dayOf(record.minute * 60_000))
  }
  return days
}

function of<Kind extends MovedHistory["kind"]>(records: readonly MovedHistory[], kind: Kind): readonly History<Kind>[] {
  return records.filter((record): record is History<Kind> => record.kind === kind)
}

async function putHistory(run: Run, records: readonly MovedHistory[]): Promise<void> {
  await putEvents(run, of(records, "event"))
  await putDeliveries(run, of(records, "delivery"))
  await putAttempts(run, of(records, "attempt"))
  await putMinutes(run, of(records, "minute"))
  await putAudit(run, of(records, "audit"))
}

async function putEvents(run: Run, events: readonly History<"event">[]): Promise<void> {
  if (events.length === 0) return
  await run(
    `INSERT INTO events (workspace_id, id, minted_ms, type, created_ms, accepted_ms, delivery_count, ordering_key,
       attributes, metadata, idempotency_key, body, trace)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::integer[],
       $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]) ON CONFLICT DO NOTHING`,
    columns(
      events,
      (event) => event.workspaceId,
      (event) => event.id,
      (event) => mintedMs(event.id),
      (event) => event.type,
      (event) => event.createdMs,
      (event) => event.acceptedMs,
      (event) => event.deliveryCount,
      (event) => event.orderingKey,
      (event) => event.attributes,
      (event) => event.metadata,
      (event) => event.idempotencyKey,
      (event) => event.body,
      (event) => event.trace ?? null,
    ),
  )
  const keyed = events.filter((event) => event.idempotencyKey !== null && event.fingerprint !== null)
  if (keyed.length === 0) return
  await run(
    `INSERT INTO idempotency_keys (workspace_id, key, fingerprint, event_id, minted_ms, created_ms, delivery_count)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::integer[])
     ON CONFLICT (workspace_id, key) DO NOTHING`,
    columns(
      keyed,
      (event) => event.workspaceId,
      (event) => event.idempotencyKey,
      (event) => event.fingerprint,
      (event) => event.id,
      (event) => mintedMs(event.id),
      (event) => event.createdMs,
      (event) => event.deliveryCount,
    ),
  )
}

async function putDeliveries(run: Run, deliveries: readonly History<"delivery">[]): Promise<void> {
  if (deliveries.length === 0) return
  await run(
    `INSERT INTO deliveries (workspace_id, id, minted_ms, webhook_id, event_id, event_minted_ms, event_type, sequence,
       state, attempts, attempts_before, created_ms, window_from_ms, due_ms, ended_ms, lane_key, because, replay_id,
       last_status_code, last_error_code)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::text[],
       $8::bigint[], $9::smallint[], $10::integer[], $11::integer[], $12::bigint[], $13::bigint[], $14::bigint[],
       $15::bigint[], $16::text[], $17::text[], $18::text[], $19::integer[], $20::text[]) ON CONFLICT DO NOTHING`,
    columns(
      deliveries,
      (delivery) => delivery.workspaceId,
      (delivery) => delivery.id,
      (delivery) => mintedMs(delivery.id),
      (delivery) => delivery.webhookId,
      (delivery) => delivery.eventId,
      (delivery) => mintedMs(delivery.eventId),
      (delivery) => delivery.eventType,
      (delivery) => delivery.sequence,
      (delivery) => code[delivery.state],
      (delivery) => delivery.attempts,
      (delivery) => delivery.attemptsBefore,
      (delivery) => delivery.createdMs,
      (delivery) => delivery.windowFromMs,
      (delivery) => delivery.dueMs,
      (delivery) => delivery.endedMs,
      (delivery) => delivery.laneKey,
      (delivery) => delivery.because,
      (delivery) => delivery.replayId,
      (delivery) => delivery.lastStatusCode,
      (delivery) => delivery.lastErrorCode,
    ),
  )
}

async function putAttempts(run: Run, attempts: readonly History<"attempt">[]): Promise<void> {
  if (attempts.length === 0) return
  await run(
    `INSERT INTO attempts (workspace_id, delivery_id, minted_ms, number, at_ms, duration_ms, status_code, detail)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::integer[], $5::bigint[], $6::float8[],
       $7::integer[], $8::text[]) ON CONFLICT DO NOTHING`,
    columns(
      attempts,
      (attempt) => attempt.workspaceId,
      (attempt) => attempt.deliveryId,
      (attempt) => mintedMs(attempt.deliveryId),
      (attempt) => attempt.number,
      (attempt) => attempt.atMs,
      (attempt) => attempt.durationMs,
      (attempt) => attempt.statusCode,
      (attempt) => attempt.detail,
    ),
  )
}

async function putMinutes(run: Run, minutes: readonly History<"minute">[]): Promise<void> {
  if (minutes.length === 0) return
  await run(
    `INSERT INTO webhook_minutes (workspace_id, webhook_id, minute, side, pending, retrying, delivered, exhausted,
       expired, cancelled, succeeded, failed, latencies)
     SELECT workspace_id, webhook_id, minute, ${side.accepting}, pending, retrying, delivered, exhausted, expired,
       cancelled, succeeded, failed, latencies
     FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
         $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::text[])
       AS m (workspace_id, webhook_id, minute, pending, retrying, delivered, exhausted, expired, cancelled, succeeded,
         failed, latencies) ON CONFLICT DO NOTHING`,
    columns(
      minutes,
      (minute) => minute.workspaceId,
      (minute) => minute.webhookId,
      (minute) => minute.minute,
      (minute) => minute.pending,
      (minute) => minute.retrying,
      (minute) => minute.delivered,
      (minute) => minute.exhausted,
      (minute) => minute.expired,
      (minute) => minute.cancelled,
      (minute) => minute.succeeded,
      (minute) => minute.failed,
      (minute) => minute.latencies ?? null,
    ),
  )
}

/** Apart from the log, which is append-only, until `finish`. */
async function putAudit(run: Run, records: readonly History<"audit">[]): Promise<void> {
  if (records.length === 0) return
  await run(
    `INSERT INTO moved_audit (workspace_id, id, sequence, record)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) ON CONFLICT (workspace_id, id) DO NOTHING`,
    columns(
      records,
      (record) => record.workspaceId,
      (record) => record.id,
      (record) => record.sequence,
      (record) => record.record,
    ),
  )
}

async function countsOf(run: Run, workspaceIds: readonly WorkspaceId[]): Promise<HistoryCounts> {
  const ids = arrayOf(workspaceIds)
  const count = async (from: string) => {
    const rows = await run(`SELECT count(*) AS count FROM ${from}`, [ids])
    return rows[0] === undefined ? 0 : number(rows[0], "count")
  }
  const ofThese = "WHERE workspace_id = ANY ($1::text[])"
  return {
    event: await count(`events ${ofThese}`),
    delivery: await count(`deliveries ${ofThese}`),
    attempt: await count(`attempts ${ofThese}`),
    minute: await count(`webhook_minutes ${ofThese}`),
    audit: await count(`moved_audit ${ofThese}`),
  }
}

/** A change of configuration like others: they follow one another, and the nodes are told in the same commit. */
async function finish(
  run: Run,
  workspaceIds: readonly WorkspaceId[],
  records: readonly MovedConfiguration[],
): Promise<"done" | "taken"> {
  // While it holds the configuration's lock, every change waits for it: it must not stand still.
  await run("SET LOCAL idle_in_transaction_session_timeout = '5s'")
  const version = await nextConfigVersion(run)
  if ((await takenOf(run, workspaceIds)).length > 0) {
    await run("UPDATE config_version SET version = version - 1")
    return "taken"
  }
  for (const record of records) await put(run, record)
  const ids = arrayOf(workspaceIds)
  await run(
    `INSERT INTO audit (workspace_id, id, sequence, record)
     SELECT workspace_id, id, sequence, record FROM moved_audit WHERE workspace_id = ANY ($1::text[])
     ON CONFLICT (workspace_id, id) DO NOTHING`,
    [ids],
  )
  await run("DELETE FROM moved_audit WHERE workspace_id = ANY ($1::text[])", [ids])
  await run("SELECT pg_notify($1, $2)", [channel, configNotice(version, [])])
  return "done"
}

async function put(run: Run, put: MovedConfiguration): Promise<void> {
  switch (put.kind) {
    case "workspace":
      await run("INSERT INTO workspaces (workspace_id, version, record) VALUES ($1, $2, $3)", [
        put.workspaceId,
        put.version,
        put.record,
      ])
      return
    case "apiKey":
      await run("INSERT INTO api_keys (workspace_id, id, record, last_used_ms) VALUES ($1, $2, $3, $4)", [
        put.workspaceId,
        put.id,
        put.record,
        put.lastUsedMs,
      ])
      return
    case "eventType":
      await run("INSERT INTO event_types (workspace_id, name, version, record) VALUES ($1, $2, $3, $4)", [
        put.workspaceId,
        put.name,
        put.version,
        put.record,
      ])
      return
    case "webhook":
      await run(
        `INSERT INTO webhooks (workspace_id, webhook_id, version, record, sending, deleted)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [put.workspaceId, put.id, put.version, put.record, put.sending, put.deleted],
      )
      return
    case "counters":
      return putCounters(run, put)
    case "replay":
      await run(
        `INSERT INTO replays (workspace_id, id, state, created_ms, updated_ms, record) VALUES ($1, $2, $3, $4, $5, $6)`,
        [put.workspaceId, put.id, put.state, put.createdMs, put.updatedMs, put.record],
      )
      return
    case "auditHead":
      await run(
        `INSERT INTO audit_heads (workspace_id, sequence, hash) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`,
        [put.workspaceId, put.sequence, put.hash],
      )
      return
  }
}

async function putCounters(run: Run, put: Configuration<"counters">): Promise<void> {
  await run("INSERT INTO webhook_sequences (workspace_id, webhook_id, last_sequence) VALUES ($1, $2, $3)", [
    put.workspaceId,
    put.webhookId,
    put.lastSequence,
  ])
  await run(
    `INSERT INTO webhook_health (workspace_id, webhook_id, ended, consecutive_failures, failing_since_ms,
       last_success_ms) VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      put.workspaceId,
      put.webhookId,
      put.lastSequence - put.waiting,
      put.consecutiveFailures,
      put.failingSinceMs,
      put.lastSuccessMs,
    ],
  )
}

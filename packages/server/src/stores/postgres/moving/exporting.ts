import {
  asId,
  type DeliveryId,
  type EventId,
  type ReplayId,
  type WebhookId,
  type WorkspaceId,
} from "../../../domain/ids.ts"
import {
  configurationKinds,
  type Exporting,
  historyKinds,
  type MovedRecord,
  movedStates,
} from "../../../ports/moving.ts"
import { number, numberOrNull, text, textOrNull } from "../columns.ts"
import { described } from "../failure.ts"
import { migrate } from "../migrate.ts"
import { allLatencies, latenciesOf } from "../minutes.ts"
import { partitioned } from "../partitions.ts"
import { type ConnectionSettings, type Row, Session } from "../session.ts"

/** Some 25 MB, were each a body of the largest size. */
const pageRecords = 100

/** As long as it takes; in the order of the primary keys, so that no history is sorted and the first page comes at once. */
const settings: ConnectionSettings = {
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_sort: "off",
  plan_cache_mode: "force_custom_plan",
}

/** How a kind is found and read. The one parameter is the workspace's id. */
type Source = {
  readonly columns: string
  readonly from: string
  readonly order: string
  read(workspaceId: WorkspaceId, row: Row): MovedRecord
}

/** A workspace that is shown: of others only the audit log is moved. */
const shown =
  "EXISTS (SELECT 1 FROM workspaces s WHERE s.workspace_id = $1 AND s.record IS NOT NULL AND s.deleted_ms IS NULL)"

const sources: { readonly [Kind in MovedRecord["kind"]]: Source } = {
  workspace: {
    columns: "version, record",
    from: `workspaces WHERE workspace_id = $1 AND ${shown}`,
    order: "workspace_id",
    read: (workspaceId, row) => ({
      kind: "workspace",
      workspaceId,
      version: number(row, "version"),
      record: text(row, "record"),
    }),
  },
  apiKey: {
    columns: "id, last_used_ms, record",
    from: `api_keys WHERE workspace_id = $1 AND ${shown}`,
    order: "id",
    read: (workspaceId, row) => ({
      kind: "apiKey",
      workspaceId,
      id: text(row, "id"),
      lastUsedMs: numberOrNull(row, "last_used_ms"),
      record: text(row, "record"),
    }),
  },
  eventType: {
    columns: "name, version, record",
    from: `event_types WHERE workspace_id = $1 AND ${shown}`,
    order: "name",
    read: (workspaceId, row) => ({
      kind: "eventType",
      workspaceId,
      name: text(row, "name"),
      version: number(row, "version"),
      record: text(row, "record"),
    }),
  },
  webhook: {
    columns: "webhook_id, version, sending, deleted, record",
    from: `webhooks WHERE workspace_id = $1 AND ${shown}`,
    order: "webhook_id",
    read: (workspaceId, row) => ({
      kind: "webhook",
      workspaceId,
      id: asId<WebhookId>(text(row, "webhook_id")),
      version: number(row, "version"),
      sending: row.sending === true,
      deleted: row.deleted === true,
      record: text(row, "record"),
    }),
  },
  counters: {
    columns: `webhook_id, coalesce(last_sequence, 0) AS last_sequence,
      coalesce(last_sequence, 0) - coalesce(ended, 0) AS waiting,
      coalesce(consecutive_failures, 0) AS consecutive_failures, failing_since_ms, last_success_ms`,
    from: `(SELECT * FROM webhook_sequences WHERE workspace_id = $1) s
      FULL JOIN (SELECT * FROM webhook_health WHERE workspace_id = $1) h USING (webhook_id) WHERE ${shown}`,
    order: "webhook_id",
    read: (workspaceId, row) => ({
      kind: "counters",
      workspaceId,
      webhookId: asId<WebhookId>(text(row, "webhook_id")),
      lastSequence: number(row, "last_sequence"),
      waiting: number(row, "waiting"),
      consecutiveFailures: number(row, "consecutive_failures"),
      failingSinceMs: numberOrNull(row, "failing_since_ms"),
      lastSuccessMs: numberOrNull(row, "last_success_ms"),
    }),
  },
  replay: {
    columns: "id, state, created_ms, updated_ms, record",
    from: `replays WHERE workspace_id = $1 AND ${shown}`,
    order: "id",
    read: (workspaceId, row) => ({
      kind: "replay",
      workspaceId,
      id: asId<ReplayId>(text(row, "id")),
      state: text(row, "state"),
      createdMs: number(row, "created_ms"),
      updatedMs: number(row, "updated_ms"),
      record: text(row, "record"),
    }),
  },
  auditHead: {
    columns: "sequence, hash",
    // A row with 0 is only there to be locked.
    from: "audit_heads WHERE workspace_id = $1 AND sequence > 0",
    order: "sequence",
    read: (workspaceId, row) => ({
      kind: "auditHead",
      workspaceId,
      sequence: number(row, "sequence"),
      hash: text(row, "hash"),
    }),
  },
  event: {
    columns: `e.id, e.type, e.created_ms, e.accepted_ms, e.delivery_count::bigint AS delivery_count, e.ordering_key,
      e.attributes, e.metadata, e.idempotency_key, e.body, e.trace,
      (SELECT k.fingerprint FROM idempotency_keys k
       WHERE k.workspace_id = e.workspace_id AND k.key = e.idempotency_key AND k.event_id = e.id) AS fingerprint`,
    from: `events e WHERE e.workspace_id = $1 AND ${shown}`,
    order: "e.workspace_id, e.id, e.minted_ms",
    read: (workspaceId, row) => ({
      kind: "event",
      workspaceId,
      id: asId<EventId>(text(row, "id")),
      type: text(row, "type"),
      createdMs: number(row, "created_ms"),
      acceptedMs: number(row, "accepted_ms"),
      deliveryCount: number(row, "delivery_count"),
      orderingKey: textOrNull(row, "ordering_key"),
      attributes: text(row, "attributes"),
      metadata: textOrNull(row, "metadata"),
      idempotencyKey: textOrNull(row, "idempotency_key"),
      fingerprint: textOrNull(row, "fingerprint"),
      body: text(row, "body"),
      trace: textOrNull(row, "trace"),
    }),
  },
  delivery: {
    columns: "*",
    from: `deliveries WHERE workspace_id = $1 AND ${shown}`,
    order: "workspace_id, id, minted_ms",
    read: (workspaceId, row) => ({
      kind: "delivery",
      workspaceId,
      id: asId<DeliveryId>(text(row, "id")),
      webhookId: asId<WebhookId>(text(row, "webhook_id")),
      eventId: asId<EventId>(text(row, "event_id")),
      eventType: text(row, "event_type"),
      sequence: number(row, "sequence"),
      state: stateOf(number(row, "state")),
      attempts: number(row, "attempts"),
      attemptsBefore: number(row, "attempts_before"),
      createdMs: number(row, "created_ms"),
      windowFromMs: number(row, "window_from_ms"),
      dueMs: numberOrNull(row, "due_ms"),
      endedMs: numberOrNull(row, "ended_ms"),
      laneKey: text(row, "lane_key"),
      because: textOrNull(row, "because"),
      replayId: row.replay_id === null ? null : asId<ReplayId>(text(row, "replay_id")),
      lastStatusCode: numberOrNull(row, "last_status_code"),
      lastErrorCode: textOrNull(row, "last_error_code"),
    }),
  },
  attempt: {
    columns: "*",
    from: `attempts WHERE workspace_id = $1 AND ${shown}`,
    order: "workspace_id, delivery_id, number, at_ms, minted_ms",
    read: (workspaceId, row) => ({
      kind: "attempt",
      workspaceId,
      deliveryId: asId<DeliveryId>(text(row, "delivery_id")),
      number: number(row, "number"),
      atMs: number(row, "at_ms"),
      durationMs: number(row, "duration_ms"),
      statusCode: numberOrNull(row, "status_code"),
      detail: text(row, "detail"),
    }),
  },
  minute: {
    // Two writers count apart; a reader adds them up.
    columns: `webhook_id, minute, sum(pending)::bigint AS pending, sum(retrying)::bigint AS retrying,
      sum(delivered)::bigint AS delivered, sum(exhausted)::bigint AS exhausted, sum(expired)::bigint AS expired,
      sum(cancelled)::bigint AS cancelled, sum(succeeded)::bigint AS succeeded, sum(failed)::bigint AS failed,
      ${allLatencies}`,
    from: `webhook_minutes WHERE workspace_id = $1 AND ${shown} GROUP BY webhook_id, minute`,
    order: "webhook_id, minute",
    read: (workspaceId, row) => ({
      kind: "minute",
      workspaceId,
      webhookId: asId<WebhookId>(text(row, "webhook_id")),
      minute: number(row, "minute"),
      pending: number(row, "pending"),
      retrying: number(row, "retrying"),
      delivered: number(row, "delivered"),
      exhausted: number(row, "exhausted"),
      expired: number(row, "expired"),
      cancelled: number(row, "cancelled"),
      succeeded: number(row, "succeeded"),
      failed: number(row, "failed"),
      latencies: row.latencies === null ? null : JSON.stringify(latenciesOf(row)),
    }),
  },
  audit: {
    columns: "id, sequence, record",
    from: "audit WHERE workspace_id = $1",
    order: "workspace_id, id",
    read: (workspaceId, row) => ({
      kind: "audit",
      workspaceId,
      id: text(row, "id"),
      sequence: numberOrNull(row, "sequence"),
      record: text(row, "record"),
    }),
  },
}

function stateOf(code: number) {
  const state = movedStates[code]
  if (state === undefined) throw new Error(`The database holds a delivery in an unknown state, ${code}.`)
  return state
}

/**
 * Opens a PostgreSQL database to export from, while nodes run: one transaction sees one moment of it. Retention cannot
 * drop a day until it is closed.
 *
 * @throws Error of one line when it cannot be reached, or holds a newer schema
 */
export async function openPostgresExporting(url: string): Promise<Exporting> {
  await migrate(url)
  const session = new Session(url, settings, { answerMaxMs: null })
  const run: Session["run"] = async (sql, values) => {
    try {
      return await session.run(sql, values)
    } catch (error) {
      throw described(error)
    }
  }
  try {
    await run("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    // Before its moment is chosen: a day that retention puts another partition in place of later would be found empty.
    await run(`LOCK TABLE ${partitioned.join(", ")} IN ACCESS SHARE MODE`)
  } catch (error) {
    await session.close()
    throw error
  }

  return {
    async workspaces() {
      // Not all of the audit log: under earlier versions an import that was cut off left records there, but no head.
      const rows = await run(
        `SELECT workspace_id FROM workspaces WHERE record IS NOT NULL AND deleted_ms IS NULL
         UNION SELECT workspace_id FROM audit_heads WHERE sequence > 0
         UNION SELECT workspace_id FROM audit WHERE sequence IS NULL ORDER BY 1`,
      )
      return rows.map((row) => asId<WorkspaceId>(text(row, "workspace_id")))
    },
    async total(workspaceIds) {
      let total = 0
      for (const kind of [...configurationKinds, ...historyKinds])
        for (const id of workspaceIds) {
          const rows = await run(`SELECT count(*) AS count FROM (SELECT 1 FROM ${sources[kind].from}) AS counted`, [id])
          total += rows[0] === undefined ? 0 : number(rows[0], "count")
        }
      return total
    },
    async *pages(workspaceIds) {
      for (const kind of [...configurationKinds, ...historyKinds]) {
        const { columns, from, order, read } = sources[kind]
        for (const id of workspaceIds) {
          await run(`DECLARE moving NO SCROLL CURSOR FOR SELECT ${columns} FROM ${from} ORDER BY ${order}`, [id])
          for (;;) {
            const rows = await run(`FETCH ${pageRecords} FROM moving`)
            if (rows.length > 0) yield rows.map((row) => read(id, row))
            if (rows.length < pageRecords) break
          }
          await run("CLOSE moving")
        }
      }
    },
    close: () => session.close(),
  }
}

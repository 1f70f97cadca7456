import type { DatabaseSync } from "node:sqlite"
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
import { number, numberOrNull, type Row, reader, record, text, textOrNull } from "../prepared.ts"
import { openToMove } from "./open-to-move.ts"

/** Some 25 MB, were each a body of the largest size. */
const pageRecords = 100

/** How a kind is found and read. The one parameter is the workspace's number, `byId` its id. */
type Source = {
  readonly from: string
  readonly columns: string
  readonly order: string
  readonly byId?: true
  read(workspaceId: WorkspaceId, row: Row): MovedRecord
}

const sources: { readonly [Kind in MovedRecord["kind"]]: Source } = {
  workspace: {
    columns: "version, record",
    from: "workspaces WHERE num = ?",
    order: "num",
    read: (workspaceId, row) => ({
      kind: "workspace",
      workspaceId,
      version: number(row[0]),
      record: text(row[1]),
    }),
  },
  apiKey: {
    columns: "id, last_used_ms, record",
    from: "api_keys WHERE workspace = ?",
    order: "id",
    read: (workspaceId, row) => ({
      kind: "apiKey",
      workspaceId,
      id: text(row[0]),
      lastUsedMs: numberOrNull(row[1]),
      record: text(row[2]),
    }),
  },
  eventType: {
    columns: "name, version, record",
    from: "event_types WHERE workspace = ?",
    order: "name",
    read: (workspaceId, row) => ({
      kind: "eventType",
      workspaceId,
      name: text(row[0]),
      version: number(row[1]),
      record: text(row[2]),
    }),
  },
  webhook: {
    columns: "id, version, sending, deleted, record",
    from: "webhooks WHERE workspace = ? AND record IS NOT NULL",
    order: "id",
    read: (workspaceId, row) => ({
      kind: "webhook",
      workspaceId,
      id: asId<WebhookId>(text(row[0])),
      version: number(row[1]),
      sending: row[2] === 1,
      deleted: row[3] === 1,
      record: text(row[4]),
    }),
  },
  counters: {
    columns: "w.id, c.last_sequence, c.waiting, c.consecutive_failures, c.failing_since_ms, c.last_success_ms",
    from: "webhooks w JOIN webhook_counters c ON c.webhook = w.num WHERE w.workspace = ?",
    order: "w.id",
    read: (workspaceId, row) => ({
      kind: "counters",
      workspaceId,
      webhookId: asId<WebhookId>(text(row[0])),
      lastSequence: number(row[1]),
      waiting: number(row[2]),
      consecutiveFailures: number(row[3]),
      failingSinceMs: numberOrNull(row[4]),
      lastSuccessMs: numberOrNull(row[5]),
    }),
  },
  replay: {
    columns: "id, state, created_ms, record",
    from: "replays WHERE workspace = ?",
    order: "id",
    read: (workspaceId, row) => ({
      kind: "replay",
      workspaceId,
      id: asId<ReplayId>(text(row[0])),
      state: text(row[1]),
      createdMs: number(row[2]),
      updatedMs: record<{ readonly updatedMs: number }>(row[3]).updatedMs,
      record: text(row[3]),
    }),
  },
  auditHead: {
    columns: "sequence, hash",
    from: "audit_heads WHERE workspace_id = ?",
    order: "sequence",
    byId: true,
    read: (workspaceId, row) => ({
      kind: "auditHead",
      workspaceId,
      sequence: number(row[0]),
      hash: text(row[1]),
    }),
  },
  event: {
    columns: `id, type, created_ms, accepted_ms, delivery_count, ordering_key, attributes, metadata, idempotency_key,
      fingerprint, body, trace`,
    from: "events WHERE workspace = ?",
    order: "id",
    read: (workspaceId, row) => ({
      kind: "event",
      workspaceId,
      id: asId<EventId>(text(row[0])),
      type: text(row[1]),
      createdMs: number(row[2]),
      acceptedMs: number(row[3]),
      deliveryCount: number(row[4]),
      orderingKey: textOrNull(row[5]),
      attributes: text(row[6]),
      metadata: textOrNull(row[7]),
      idempotencyKey: textOrNull(row[8]),
      fingerprint: textOrNull(row[9]),
      body: text(row[10]),
      trace: textOrNull(row[11]),
    }),
  },
  delivery: {
    columns: `d.id, w.id, e.id, e.type, d.sequence, d.state, d.attempts, d.attempts_before, d.created_ms,
      d.window_from_ms, d.due_ms, d.ended_ms, d.lane_key, d.because, d.replay_id, d.last_status_code, d.last_error_code`,
    // CROSS JOIN: in this order, so that the rows come by id without being sorted.
    from: `deliveries d CROSS JOIN events e ON e.num = d.event CROSS JOIN webhooks w ON w.num = d.webhook
      WHERE d.workspace = ?`,
    order: "d.id",
    read: (workspaceId, row) => ({
      kind: "delivery",
      workspaceId,
      id: asId<DeliveryId>(text(row[0])),
      webhookId: asId<WebhookId>(text(row[1])),
      eventId: asId<EventId>(text(row[2])),
      eventType: text(row[3]),
      sequence: number(row[4]),
      state: stateOf(number(row[5])),
      attempts: number(row[6]),
      attemptsBefore: number(row[7]),
      createdMs: number(row[8]),
      windowFromMs: number(row[9]),
      dueMs: numberOrNull(row[10]),
      endedMs: numberOrNull(row[11]),
      laneKey: text(row[12]),
      because: textOrNull(row[13]),
      replayId: row[14] === null ? null : asId<ReplayId>(text(row[14])),
      lastStatusCode: numberOrNull(row[15]),
      lastErrorCode: textOrNull(row[16]),
    }),
  },
  attempt: {
    columns: "delivery, number, at_ms, duration_ms, status_code, detail",
    from: "attempts WHERE workspace = ?",
    order: "delivery, num",
    read: (workspaceId, row) => ({
      kind: "attempt",
      workspaceId,
      deliveryId: asId<DeliveryId>(text(row[0])),
      number: number(row[1]),
      atMs: number(row[2]),
      durationMs: number(row[3]),
      statusCode: numberOrNull(row[4]),
      detail: text(row[5]),
    }),
  },
  minute: {
    columns: `w.id, m.minute, m.pending, m.retrying, m.delivered, m.exhausted, m.expired, m.cancelled, m.succeeded,
      m.failed, m.latencies`,
    from: "webhooks w JOIN webhook_minutes m ON m.webhook = w.num WHERE w.workspace = ?",
    order: "w.id, m.minute",
    read: (workspaceId, row) => ({
      kind: "minute",
      workspaceId,
      webhookId: asId<WebhookId>(text(row[0])),
      minute: number(row[1]),
      pending: number(row[2]),
      retrying: number(row[3]),
      delivered: number(row[4]),
      exhausted: number(row[5]),
      expired: number(row[6]),
      cancelled: number(row[7]),
      succeeded: number(row[8]),
      failed: number(row[9]),
      latencies: textOrNull(row[10]),
    }),
  },
  audit: {
    columns: "id, sequence, record",
    from: "audit WHERE workspace_id = ?",
    order: "id",
    byId: true,
    read: (workspaceId, row) => ({
      kind: "audit",
      workspaceId,
      id: text(row[0]),
      sequence: numberOrNull(row[1]),
      record: text(row[2]),
    }),
  },
}

function stateOf(code: number) {
  const state = movedStates[code]
  if (state === undefined) throw new Error(`The database holds a delivery in an unknown state, ${code}.`)
  return state
}

/**
 * Opens an embedded database to export from, for this process alone: it is of one moment because nobody writes.
 *
 * @throws Error of one line when there is none, when it is in use, or holds a newer schema
 */
export function openSqliteExporting(directory: string): Exporting {
  const { db, close } = openToMove(directory, false)
  const numberOf = reader(db, "SELECT num FROM workspaces WHERE id = ? AND record IS NOT NULL AND deleted_ms IS NULL")

  /** What a source's parameter is for a workspace; null where there is nothing to read. */
  function keyOf(source: Source, workspaceId: WorkspaceId): string | number | null {
    if (source.byId === true) return workspaceId
    const row = numberOf.row(workspaceId)
    return row === undefined ? null : number(row[0])
  }

  return {
    async workspaces() {
      // Not all of the audit log: under earlier versions an import that was cut off left records there, but no head.
      const rows = reader(
        db,
        `SELECT id FROM workspaces WHERE record IS NOT NULL AND deleted_ms IS NULL
         UNION SELECT workspace_id FROM audit_heads UNION SELECT workspace_id FROM audit WHERE sequence IS NULL
         ORDER BY 1`,
      ).rows()
      return rows.map((row) => asId<WorkspaceId>(text(row[0])))
    },
    async total(workspaceIds) {
      let total = 0
      for (const kind of [...configurationKinds, ...historyKinds]) {
        const source = sources[kind]
        const count = reader(db, `SELECT count(*) FROM ${source.from}`)
        for (const id of workspaceIds) {
          const key = keyOf(source, id)
          if (key !== null) total += number(count.row(key)?.[0])
        }
      }
      return total
    },
    async *pages(workspaceIds) {
      for (const kind of [...configurationKinds, ...historyKinds]) {
        const source = sources[kind]
        for (const id of workspaceIds) {
          const key = keyOf(source, id)
          if (key !== null) yield* pagesOf(db, source, id, key)
        }
      }
    },
    async close() {
      close()
    },
  }
}

function* pagesOf(
  db: DatabaseSync,
  source: Source,
  workspaceId: WorkspaceId,
  key: string | number,
): Generator<readonly MovedRecord[]> {
  const statement = db.prepare(`SELECT ${source.columns} FROM ${source.from} ORDER BY ${source.order}`)
  statement.setReturnArrays(true)
  let page: MovedRecord[] = []
  for (const row of statement.iterate(key) as Iterable<unknown>) {
    if (!Array.isArray(row)) throw new Error("SQLite returned a row that is not an array.")
    page.push(source.read(workspaceId, row))
    if (page.length < pageRecords) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

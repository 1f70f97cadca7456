import type { DatabaseSync } from "node:sqlite"
import type { WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import type { HistoryCounts, Importing, MovedConfiguration, MovedHistory } from "../../../ports/moving.ts"
import { Books } from "../books.ts"
import { number, reader, writer } from "../prepared.ts"
import { code } from "../states.ts"
import { openToMove } from "./open-to-move.ts"

/** What one commit removes. */
const stepRows = 10_000

/**
 * Opens an embedded database to import into, for this process alone; a directory without one gets one.
 *
 * @throws Error of one line when it is in use, or holds a newer schema
 */
export function openSqliteImporting(directory: string): Importing {
  const { db, close } = openToMove(directory, true)
  // The numbers that stand for ids. A workspace has one from its first record on, long before it is shown.
  const books = new Books(db)
  const putHistory = prepareHistory(db, books)
  const putConfiguration = prepareConfiguration(db, books)
  const isTaken = prepareTaken(db)
  const removeAudit = writer(db, "DELETE FROM moved_audit WHERE workspace_id = ?")
  const showAudit = writer(
    db,
    `INSERT INTO audit (id, workspace_id, sequence, record)
     SELECT id, workspace_id, sequence, record FROM moved_audit WHERE workspace_id = ? ON CONFLICT (id) DO NOTHING`,
  )

  function commit(write: () => void): void {
    db.exec("BEGIN IMMEDIATE")
    try {
      write()
      db.exec("COMMIT")
    } catch (error) {
      books.reread()
      if (db.isTransaction) db.exec("ROLLBACK")
      throw error
    }
  }

  return {
    async taken(workspaceIds) {
      return workspaceIds.filter(isTaken)
    },
    async clear(workspaceIds) {
      for (const id of workspaceIds) {
        if (isTaken(id)) continue
        commit(() => removeAudit(id))
        const workspace = books.knownWorkspace(id)
        if (workspace !== null) for (const step of stepsToClear(db, workspace)) commit(step)
      }
      books.reread()
    },
    async put(records) {
      commit(() => records.forEach(putHistory))
    },
    async counts(workspaceIds) {
      return countsOf(db, books, workspaceIds)
    },
    // One node has nobody to agree with.
    agreed: () => Promise.resolve(null),
    async finish(workspaceIds, records) {
      let outcome: "done" | "taken" = "done"
      commit(() => {
        if (workspaceIds.some(isTaken)) {
          outcome = "taken"
          return
        }
        records.forEach(putConfiguration)
        for (const id of workspaceIds) {
          showAudit(id)
          removeAudit(id)
        }
      })
      return outcome
    },
    async close() {
      close()
    },
  }
}

function prepareTaken(db: DatabaseSync): (id: WorkspaceId) => boolean {
  const find = reader(
    db,
    `SELECT 1 FROM workspaces WHERE id = ?1 AND (record IS NOT NULL OR deleted_ms IS NOT NULL)
     UNION ALL SELECT 1 FROM audit_heads WHERE workspace_id = ?1`,
  )
  return (id) => find.row(id) !== undefined
}

function prepareHistory(db: DatabaseSync, books: Books): (put: MovedHistory) => void {
  const addEvent = writer(
    db,
    `INSERT INTO events (workspace, id, type, created_ms, accepted_ms, delivery_count, ordering_key, attributes, metadata,
       idempotency_key, fingerprint, body, trace) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace, id) DO NOTHING`,
  )
  const addDelivery = writer(
    db,
    `INSERT INTO deliveries (workspace, id, event, webhook, sequence, state, attempts, attempts_before, created_ms,
       window_from_ms, due_ms, ended_ms, lane_key, because, replay_id, last_status_code, last_error_code)
     SELECT workspace, ?3, num, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17
     FROM events WHERE workspace = ?1 AND id = ?2 ON CONFLICT (workspace, id) DO NOTHING`,
  )
  // The table has no key that would tell: retention and the log need none.
  const addAttempt = writer(
    db,
    `INSERT INTO attempts (workspace, delivery, number, at_ms, duration_ms, status_code, detail)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS
       (SELECT 1 FROM attempts WHERE workspace = ?1 AND delivery = ?2 AND number = ?3 AND at_ms = ?4)`,
  )
  const addMinute = writer(
    db,
    `INSERT INTO webhook_minutes (webhook, minute, pending, retrying, delivered, exhausted, expired, cancelled, succeeded,
       failed, latencies) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  )
  // Apart from the log, which is append-only, until `finish`.
  const addAudit = writer(
    db,
    "INSERT INTO moved_audit (id, workspace_id, sequence, record) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
  )

  return (put) => {
    if (put.kind === "audit") {
      addAudit(put.id, put.workspaceId, put.sequence, put.record)
      return
    }
    const workspace = books.workspace(put.workspaceId)
    switch (put.kind) {
      case "event":
        addEvent(
          workspace,
          put.id,
          put.type,
          put.createdMs,
          put.acceptedMs,
          put.deliveryCount,
          put.orderingKey,
          put.attributes,
          put.metadata,
          put.idempotencyKey,
          put.fingerprint,
          put.body,
          put.trace ?? null,
        )
        return
      case "delivery": {
        const webhook = books.webhook(workspace, put.webhookId)
        const added = addDelivery(
          workspace,
          put.eventId,
          put.id,
          webhook,
          put.sequence,
          code[put.state],
          put.attempts,
          put.attemptsBefore,
          put.createdMs,
          put.windowFromMs,
          put.dueMs,
          put.endedMs,
          put.laneKey,
          put.because,
          put.replayId,
          put.lastStatusCode,
          put.lastErrorCode,
        )
        if (added > 0) books.history.add(webhook, put.id, workspace)
        return
      }
      case "attempt":
        addAttempt(workspace, put.deliveryId, put.number, put.atMs, put.durationMs, put.statusCode, put.detail)
        return
      case "minute":
        addMinute(
          books.webhook(workspace, put.webhookId),
          put.minute,
          put.pending,
          put.retrying,
          put.delivered,
          put.exhausted,
          put.expired,
          put.cancelled,
          put.succeeded,
          put.failed,
          put.latencies ?? null,
        )
        return
    }
  }
}

function prepareConfiguration(db: DatabaseSync, books: Books): (put: MovedConfiguration) => void {
  const putWorkspace = writer(db, "UPDATE workspaces SET version = ?, record = ? WHERE num = ?")
  const addKey = writer(db, "INSERT INTO api_keys (workspace, id, record, last_used_ms) VALUES (?, ?, ?, ?)")
  const addType = writer(db, "INSERT INTO event_types (workspace, name, version, record) VALUES (?, ?, ?, ?)")
  const putWebhook = writer(db, "UPDATE webhooks SET version = ?, record = ?, sending = ?, deleted = ? WHERE num = ?")
  const addCounters = writer(
    db,
    `INSERT INTO webhook_counters (webhook, last_sequence, waiting, consecutive_failures, failing_since_ms,
       last_success_ms) VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const addReplay = writer(db, "INSERT INTO replays (workspace, id, state, created_ms, record) VALUES (?, ?, ?, ?, ?)")
  const addHead = writer(db, "INSERT INTO audit_heads (workspace_id, sequence, hash) VALUES (?, ?, ?)")

  return (put) => {
    if (put.kind === "auditHead") {
      addHead(put.workspaceId, put.sequence, put.hash)
      return
    }
    const workspace = books.workspace(put.workspaceId)
    const webhook = (id: WebhookId) => books.webhook(workspace, id)
    switch (put.kind) {
      case "workspace":
        putWorkspace(put.version, put.record, workspace)
        return
      case "apiKey":
        addKey(workspace, put.id, put.record, put.lastUsedMs)
        return
      case "eventType":
        addType(workspace, put.name, put.version, put.record)
        return
      case "webhook":
        putWebhook(put.version, put.record, put.sending ? 1 : 0, put.deleted ? 1 : 0, webhook(put.id))
        return
      case "counters":
        addCounters(
          webhook(put.webhookId),
          put.lastSequence,
          put.waiting,
          put.consecutiveFailures,
          put.failingSinceMs,
          put.lastSuccessMs,
        )
        return
      case "replay":
        addReplay(workspace, put.id, put.state, put.createdMs, put.record)
        return
    }
  }
}

function countsOf(db: DatabaseSync, books: Books, workspaceIds: readonly WorkspaceId[]): HistoryCounts {
  const ofWorkspace = (table: string) => reader(db, `SELECT count(*) FROM ${table} WHERE workspace = ?`)
  const events = ofWorkspace("events")
  const deliveries = ofWorkspace("deliveries")
  const attempts = ofWorkspace("attempts")
  const minutes = reader(
    db,
    "SELECT count(*) FROM webhooks w JOIN webhook_minutes m ON m.webhook = w.num WHERE w.workspace = ?",
  )
  const audit = reader(db, "SELECT count(*) FROM moved_audit WHERE workspace_id = ?")
  const counts = { event: 0, delivery: 0, attempt: 0, minute: 0, audit: 0 }
  for (const id of workspaceIds) {
    counts.audit += number(audit.row(id)?.[0])
    const workspace = books.knownWorkspace(id)
    if (workspace === null) continue
    counts.event += number(events.row(workspace)?.[0])
    counts.delivery += number(deliveries.row(workspace)?.[0])
    counts.attempt += number(attempts.row(workspace)?.[0])
    counts.minute += number(minutes.row(workspace)?.[0])
  }
  return counts
}

/** Each a commit of its own, for there may be any number of rows. The audit log is append-only, and stays. */
function* stepsToClear(db: DatabaseSync, workspace: number): Generator<() => void> {
  for (const sql of [
    "DELETE FROM attempts WHERE num IN (SELECT num FROM attempts WHERE workspace = ?1 LIMIT ?2)",
    "DELETE FROM deliveries WHERE workspace = ?1 AND id IN (SELECT id FROM deliveries WHERE workspace = ?1 LIMIT ?2)",
    "DELETE FROM events WHERE num IN (SELECT num FROM events WHERE workspace = ?1 LIMIT ?2)",
  ]) {
    const remove = writer(db, sql)
    let removed = stepRows
    while (removed === stepRows)
      yield () => {
        removed = remove(workspace, stepRows)
      }
  }
  yield () => {
    for (const table of ["webhook_minutes", "webhook_counters"])
      writer(db, `DELETE FROM ${table} WHERE webhook IN (SELECT num FROM webhooks WHERE workspace = ?)`)(workspace)
    for (const table of ["webhooks", "api_keys", "event_types", "replays"])
      writer(db, `DELETE FROM ${table} WHERE workspace = ?`)(workspace)
    writer(db, "DELETE FROM workspaces WHERE num = ?")(workspace)
  }
}

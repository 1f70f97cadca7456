import type { AuditEntry } from "../../../domain/audit.ts"
import type { WorkspaceId } from "../../../domain/ids.ts"
import { webhookStatus } from "../../../domain/webhook.ts"
import type { ApiKey } from "../../../domain/workspace.ts"
import type { ConfigName } from "../../../ports/ownership.ts"
import type { ConfigChange, StoredWebhook } from "../../../ports/store.ts"
import { number, record } from "../columns.ts"
import { channel } from "../notices/channel.ts"
import { configNotice } from "../notices/config-notice.ts"
import type { Runner } from "../session.ts"
import { noteAll } from "./note.ts"

type Run = Runner["run"]

/**
 * Applies changes of configuration; see `Store.configure`. The version's row comes first: changes follow one another on
 * whatever nodes, and none is made on what another is just changing. The other nodes are told in the same commit.
 */
export async function configure(
  run: Run,
  changes: readonly ConfigChange[],
  audit: readonly AuditEntry[],
): Promise<"done" | "conflict"> {
  const version = await nextConfigVersion(run)
  if (await isConflict(run, changes)) {
    await run("UPDATE config_version SET version = version - 1")
    return "conflict"
  }
  for (const change of changes) await apply(run, change)
  await noteAll(run, audit)
  await run("SELECT pg_notify($1, $2)", [channel, configNotice(version, changes.map(nameOfChange))])
  return "done"
}

async function isConflict(run: Run, changes: readonly ConfigChange[]): Promise<boolean> {
  // A change may follow another of the same record, and is then checked against that one.
  const here = new Map<string, number>()
  const gone = new Set<WorkspaceId>()
  for (const change of changes) {
    const workspaceId = workspaceOf(change)
    if (change.kind === "workspaceDeleted") gone.add(change.id)
    else if (gone.has(workspaceId) || (await isDeleted(run, workspaceId))) return true
    else if (change.kind === "eventTypeDeleted") here.set(nameOf("eventType", workspaceId, change.name), 0)
    else if (change.kind !== "apiKey" && change.kind !== "apiKeyForgotten") {
      const name = nameOf(change.kind, workspaceId, change.kind === "eventType" ? change.put.name : change.put.id)
      if ((here.get(name) ?? (await storedVersion(run, change))) !== change.put.version - 1) return true
      here.set(name, change.put.version)
    }
  }
  return false
}

async function isDeleted(run: Run, id: WorkspaceId): Promise<boolean> {
  const rows = await run("SELECT 1 FROM workspaces WHERE workspace_id = $1 AND deleted_ms IS NOT NULL", [id])
  return rows.length > 0
}

async function storedVersion(
  run: Run,
  change: Extract<ConfigChange, { kind: "workspace" | "webhook" | "eventType" }>,
): Promise<number> {
  const rows =
    change.kind === "workspace"
      ? await run("SELECT version FROM workspaces WHERE workspace_id = $1", [change.put.id])
      : change.kind === "webhook"
        ? await run("SELECT version FROM webhooks WHERE workspace_id = $1 AND webhook_id = $2", [
            change.put.workspaceId,
            change.put.id,
          ])
        : await run("SELECT version FROM event_types WHERE workspace_id = $1 AND name = $2", [
            change.put.workspaceId,
            change.put.name,
          ])
  return rows[0] === undefined ? 0 : number(rows[0], "version")
}

async function apply(run: Run, change: ConfigChange): Promise<void> {
  switch (change.kind) {
    case "workspace":
      await run(
        `INSERT INTO workspaces (workspace_id, version, record) VALUES ($1, $2, $3)
         ON CONFLICT (workspace_id) DO UPDATE SET version = excluded.version, record = excluded.record`,
        [change.put.id, change.put.version, JSON.stringify(change.put)],
      )
      return
    case "workspaceDeleted":
      return removeWorkspace(run, change.id, change.atMs)
    case "apiKey":
      return putKey(run, change.put)
    case "apiKeyForgotten":
      await run("DELETE FROM api_keys WHERE workspace_id = $1 AND id = $2", [change.workspaceId, change.id])
      return
    case "webhook":
      return putWebhook(run, change.put)
    case "eventType":
      await run(
        `INSERT INTO event_types (workspace_id, name, version, record) VALUES ($1, $2, $3, $4)
         ON CONFLICT (workspace_id, name) DO UPDATE SET version = excluded.version, record = excluded.record`,
        [change.put.workspaceId, change.put.name, change.put.version, JSON.stringify(change.put)],
      )
      return
    case "eventTypeDeleted":
      await run("DELETE FROM event_types WHERE workspace_id = $1 AND name = $2", [change.workspaceId, change.name])
      return
  }
}

async function putKey(run: Run, key: ApiKey): Promise<void> {
  await run(
    `INSERT INTO api_keys (workspace_id, id, record) VALUES ($1, $2, $3)
     ON CONFLICT (workspace_id, id) DO UPDATE SET record = excluded.record`,
    [key.workspaceId, key.id, JSON.stringify(key)],
  )
}

/** Writes a webhook's record with the columns derived from it. */
async function putWebhook(run: Run, webhook: StoredWebhook): Promise<void> {
  const status = webhookStatus(webhook)
  await run(
    `INSERT INTO webhooks (workspace_id, webhook_id, version, record, sending, deleted) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (workspace_id, webhook_id) DO UPDATE SET version = excluded.version, record = excluded.record,
       sending = excluded.sending, deleted = excluded.deleted`,
    [
      webhook.workspaceId,
      webhook.id,
      webhook.version,
      JSON.stringify(webhook),
      status === "active",
      status === "deleted",
    ],
  )
}

/** Its keys and webhooks stay, dead, until `forget` has removed what hangs on them. */
async function removeWorkspace(run: Run, id: WorkspaceId, atMs: number): Promise<void> {
  await run(
    `INSERT INTO workspaces (workspace_id, version, record, deleted_ms) VALUES ($1, 0, NULL, $2)
     ON CONFLICT (workspace_id) DO UPDATE SET record = NULL, deleted_ms = excluded.deleted_ms`,
    [id, atMs],
  )
  await run("DELETE FROM event_types WHERE workspace_id = $1", [id])
  for (const row of await run("SELECT record FROM api_keys WHERE workspace_id = $1", [id])) {
    const key = record<ApiKey>(row)
    if (key.revokedMs === null) await putKey(run, { ...key, revokedMs: atMs })
  }
  for (const row of await run("SELECT record FROM webhooks WHERE workspace_id = $1 AND NOT deleted", [id])) {
    const webhook = record<StoredWebhook>(row)
    await putWebhook(run, { ...webhook, sealed: null, deletedMs: atMs, updatedMs: atMs, version: webhook.version + 1 })
  }
}

function workspaceOf(change: ConfigChange): WorkspaceId {
  switch (change.kind) {
    case "workspace":
      return change.put.id
    case "workspaceDeleted":
      return change.id
    case "apiKeyForgotten":
    case "eventTypeDeleted":
      return change.workspaceId
    default:
      return change.put.workspaceId
  }
}

function nameOf(kind: string, workspaceId: string, id: string): string {
  return JSON.stringify([kind, workspaceId, id])
}

function nameOfChange(change: ConfigChange): ConfigName {
  const workspaceId = workspaceOf(change)
  switch (change.kind) {
    case "workspaceDeleted":
      return { kind: "workspace", workspaceId, id: workspaceId }
    case "eventTypeDeleted":
      return { kind: "eventType", workspaceId, id: change.name }
    case "apiKeyForgotten":
      return { kind: "apiKey", workspaceId, id: change.id }
    case "eventType":
      return { kind: "eventType", workspaceId, id: change.put.name }
    default:
      return { kind: change.kind, workspaceId, id: change.put.id }
  }
}

/** Changes follow one another from here to their commit, on whatever nodes. */
export async function nextConfigVersion(run: Run): Promise<number> {
  const [row] = await run("UPDATE config_version SET version = version + 1 RETURNING version")
  return row === undefined ? 0 : number(row, "version")
}

/** The number of changes of configuration so far: a node that has seen another loads it anew. */
export async function configVersion(run: Run): Promise<number> {
  const [row] = await run("SELECT version FROM config_version")
  return row === undefined ? 0 : number(row, "version")
}

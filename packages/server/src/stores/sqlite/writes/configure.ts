import type { DatabaseSync } from "node:sqlite"
import type { AuditEntry } from "../../../domain/audit.ts"
import type { WorkspaceId } from "../../../domain/ids.ts"
import type { ApiKey } from "../../../domain/workspace.ts"
import type { ConfigChange, StoredWebhook } from "../../../ports/store.ts"
import type { Books } from "../books.ts"
import { number, reader, record, text, writer } from "../prepared.ts"
import type { Note } from "./note.ts"
import type { PutWebhook } from "./webhook-record.ts"

export type Configure = { readonly changes: readonly ConfigChange[]; readonly audit: readonly AuditEntry[] }

/** Applies changes of configuration; see `Store.configure`. Every version is checked before anything is written. */
export function prepareConfigure(
  db: DatabaseSync,
  books: Books,
  putWebhook: PutWebhook,
  note: Note,
): (configure: Configure) => "done" | "conflict" {
  const workspaceVersion = reader(db, "SELECT version, deleted_ms IS NOT NULL FROM workspaces WHERE id = ?")
  const webhookVersion = reader(
    db,
    `SELECT webhooks.version FROM webhooks JOIN workspaces ON workspaces.num = webhooks.workspace
     WHERE workspaces.id = ? AND webhooks.id = ?`,
  )
  const typeVersion = reader(
    db,
    `SELECT event_types.version FROM event_types JOIN workspaces ON workspaces.num = event_types.workspace
     WHERE workspaces.id = ? AND event_types.name = ?`,
  )
  const putWorkspace = writer(db, "UPDATE workspaces SET version = ?, record = ? WHERE num = ?")
  const deleteWorkspace = writer(db, "UPDATE workspaces SET deleted_ms = ?, record = NULL WHERE num = ?")
  const keysOf = reader(db, "SELECT id, record FROM api_keys WHERE workspace = ?")
  const webhooksOf = reader(db, "SELECT num, record FROM webhooks WHERE workspace = ? AND record IS NOT NULL")
  const deleteTypesOf = writer(db, "DELETE FROM event_types WHERE workspace = ?")
  // Not INSERT OR REPLACE: that would lose when the key was last used.
  const putKey = writer(
    db,
    `INSERT INTO api_keys (workspace, id, record) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET record = excluded.record`,
  )
  const deleteKey = writer(db, "DELETE FROM api_keys WHERE workspace = ? AND id = ?")
  const putType = writer(
    db,
    "INSERT OR REPLACE INTO event_types (workspace, name, version, record) VALUES (?, ?, ?, ?)",
  )
  const deleteType = writer(db, "DELETE FROM event_types WHERE workspace = ? AND name = ?")

  function isDeleted(id: WorkspaceId): boolean {
    return workspaceVersion.row(id)?.[1] === 1
  }

  function storedVersion(change: Versioned): number {
    const row =
      change.kind === "workspace"
        ? workspaceVersion.row(change.put.id)
        : change.kind === "webhook"
          ? webhookVersion.row(change.put.workspaceId, change.put.id)
          : typeVersion.row(change.put.workspaceId, change.put.name)
    return row === undefined ? 0 : number(row[0])
  }

  function isConflict(changes: readonly ConfigChange[]): boolean {
    // A change may follow another of the same record, and is then checked against that one.
    const here = new Map<string, number>()
    const gone = new Set<string>()
    for (const change of changes) {
      const workspaceId = workspaceOf(change)
      if (change.kind === "workspaceDeleted") gone.add(change.id)
      else if (gone.has(workspaceId) || isDeleted(workspaceId)) return true
      else if (change.kind === "eventTypeDeleted") here.set(nameOf("eventType", workspaceId, change.name), 0)
      else if (change.kind !== "apiKey" && change.kind !== "apiKeyForgotten") {
        const name = nameOf(change.kind, workspaceId, change.kind === "eventType" ? change.put.name : change.put.id)
        if ((here.get(name) ?? storedVersion(change)) !== change.put.version - 1) return true
        here.set(name, change.put.version)
      }
    }
    return false
  }

  function apply(change: ConfigChange): void {
    const workspace = books.workspace(workspaceOf(change))
    switch (change.kind) {
      case "workspace":
        putWorkspace(change.put.version, JSON.stringify(change.put), workspace)
        return
      case "workspaceDeleted":
        removeWorkspace(workspace, change.atMs)
        return
      case "apiKey":
        putKey(workspace, change.put.id, JSON.stringify(change.put))
        return
      case "apiKeyForgotten":
        deleteKey(workspace, change.id)
        return
      case "webhook":
        putWebhook(books.webhook(workspace, change.put.id), change.put)
        return
      case "eventType":
        putType(workspace, change.put.name, change.put.version, JSON.stringify(change.put))
        return
      case "eventTypeDeleted":
        deleteType(workspace, change.name)
        return
    }
  }

  /** Its keys and webhooks stay, dead, until `forget` has removed what hangs on them. */
  function removeWorkspace(workspace: number, atMs: number): void {
    deleteWorkspace(atMs, workspace)
    deleteTypesOf(workspace)
    for (const row of keysOf.rows(workspace)) {
      const key = record<ApiKey>(row[1])
      if (key.revokedMs === null) putKey(workspace, text(row[0]), JSON.stringify({ ...key, revokedMs: atMs }))
    }
    for (const row of webhooksOf.rows(workspace)) {
      const webhook = record<StoredWebhook>(row[1])
      if (webhook.deletedMs === null) putWebhook(number(row[0]), deletedWith(webhook, atMs))
    }
  }

  return ({ changes, audit }) => {
    if (isConflict(changes)) return "conflict"
    for (const change of changes) apply(change)
    for (const entry of audit) note(entry)
    return "done"
  }
}

function deletedWith(webhook: StoredWebhook, atMs: number): StoredWebhook {
  return { ...webhook, sealed: null, deletedMs: atMs, updatedMs: atMs, version: webhook.version + 1 }
}

type Versioned = Extract<ConfigChange, { kind: "workspace" | "webhook" | "eventType" }>

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

import type { AuditEntry } from "../../domain/audit.ts"
import type { WorkspaceId } from "../../domain/ids.ts"
import type { ConfigChange, ConfigSnapshot } from "../../ports/store.ts"
import type { Rows, WorkspaceRow } from "./rows.ts"

/** See `Store.configure`. */
export function configure(
  rows: Rows,
  changes: readonly ConfigChange[],
  audit: readonly AuditEntry[],
): "done" | "conflict" {
  if (isConflict(rows, changes)) return "conflict"
  for (const change of changes) apply(rows, change)
  for (const entry of audit) rows.note(entry)
  return "done"
}

function isConflict(rows: Rows, changes: readonly ConfigChange[]): boolean {
  // A change may follow another of the same record, and is then checked against that one.
  const here = new Map<string, number>()
  const gone = new Set<WorkspaceId>()
  for (const change of changes) {
    const workspaceId = workspaceOf(change)
    if (change.kind === "workspaceDeleted") gone.add(change.id)
    else if (gone.has(workspaceId) || (rows.workspaces.get(workspaceId)?.deletedMs ?? null) !== null) return true
    else if (change.kind === "eventTypeDeleted") here.set(nameOf("eventType", workspaceId, change.name), 0)
    else if (change.kind !== "apiKey" && change.kind !== "apiKeyForgotten") {
      const name = nameOf(change.kind, workspaceId, change.kind === "eventType" ? change.put.name : change.put.id)
      if ((here.get(name) ?? storedVersion(rows.workspaces.get(workspaceId), change)) !== change.put.version - 1)
        return true
      here.set(name, change.put.version)
    }
  }
  return false
}

function storedVersion(
  workspace: WorkspaceRow | undefined,
  change: Extract<ConfigChange, { kind: "workspace" | "webhook" | "eventType" }>,
): number {
  switch (change.kind) {
    case "workspace":
      return workspace?.record?.version ?? 0
    case "webhook":
      return workspace?.webhooks.get(change.put.id)?.record?.version ?? 0
    case "eventType":
      return workspace?.eventTypes.get(change.put.name)?.version ?? 0
  }
}

function apply(rows: Rows, change: ConfigChange): void {
  const workspace = rows.workspace(workspaceOf(change))
  switch (change.kind) {
    case "workspace":
      workspace.record = change.put
      return
    case "workspaceDeleted":
      remove(workspace, change.atMs)
      return
    case "apiKey":
      workspace.apiKeys.set(change.put.id, change.put)
      return
    case "apiKeyForgotten":
      workspace.apiKeys.delete(change.id)
      workspace.keysLastUsed.delete(change.id)
      return
    case "webhook":
      rows.webhook(workspace, change.put.id).record = change.put
      return
    case "eventType":
      workspace.eventTypes.set(change.put.name, change.put)
      return
    case "eventTypeDeleted":
      workspace.eventTypes.delete(change.name)
      return
  }
}

/** Its keys and webhooks stay, dead, until `forget` has removed what hangs on them. */
function remove(workspace: WorkspaceRow, atMs: number): void {
  workspace.record = null
  workspace.deletedMs = atMs
  workspace.eventTypes.clear()
  for (const [id, key] of workspace.apiKeys)
    if (key.revokedMs === null) workspace.apiKeys.set(id, { ...key, revokedMs: atMs })
  for (const row of workspace.webhooks.values())
    if (row.record !== null && row.record.deletedMs === null)
      row.record = { ...row.record, sealed: null, deletedMs: atMs, updatedMs: atMs, version: row.record.version + 1 }
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

/** See `Store.loadConfig`. */
export function loadConfig(rows: Rows): ConfigSnapshot {
  const workspaces = [...rows.workspaces.values()]
  return {
    workspaces: workspaces.flatMap(({ record }) => record ?? []),
    apiKeys: workspaces.flatMap(({ apiKeys }) => [...apiKeys.values()]),
    webhooks: workspaces.flatMap(({ webhooks }) =>
      [...webhooks.values()].flatMap(({ record }) => (record?.deletedMs === null ? record : [])),
    ),
    eventTypes: workspaces.flatMap(({ eventTypes }) => [...eventTypes.values()]),
  }
}

/** See `Store.touchKeys`. */
export function touchKeys(
  rows: Rows,
  used: readonly { readonly workspaceId: WorkspaceId; readonly id: string; readonly atMs: number }[],
): void {
  for (const { workspaceId, id, atMs } of used) {
    const workspace = rows.workspaces.get(workspaceId)
    if (workspace?.apiKeys.has(id)) workspace.keysLastUsed.set(id, Math.max(workspace.keysLastUsed.get(id) ?? 0, atMs))
  }
}

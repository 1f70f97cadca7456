import type { WorkspaceId } from "../../../domain/ids.ts"
import type { ApiKey, CustomEventType, Workspace } from "../../../domain/workspace.ts"
import type { ConfigName } from "../../../ports/ownership.ts"
import type { ConfigSnapshot, StoredWebhook } from "../../../ports/store.ts"
import { number, record, text } from "../columns.ts"
import { columns } from "../literals.ts"
import type { Row, Runner } from "../session.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

/** All configuration, oldest first; see `Store.loadConfig`. One statement, so that it is of one moment. */
export async function loadConfig(run: Runner["run"]): Promise<ConfigSnapshot> {
  const rows = await run(
    `SELECT * FROM (
       SELECT 1 AS kind, workspace_id, '' AS id, record FROM workspaces WHERE record IS NOT NULL AND deleted_ms IS NULL
       UNION ALL SELECT 2, workspace_id, id, record FROM api_keys
       UNION ALL SELECT 3, workspace_id, webhook_id, record FROM webhooks WHERE NOT deleted
       UNION ALL SELECT 4, workspace_id, name, record FROM event_types) AS config
     ORDER BY kind, workspace_id, id`,
  )
  return snapshotOf(rows)
}

/** Of the configuration what is there now under these names. */
export async function namedConfig(run: Runner["run"], names: readonly ConfigName[]): Promise<ConfigSnapshot> {
  const rows = await run(
    `WITH named AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS n (kind, workspace_id, id))
     SELECT * FROM (
       SELECT 1 AS kind, w.workspace_id, '' AS id, w.record FROM named n JOIN workspaces w
         ON n.kind = 'workspace' AND w.workspace_id = n.workspace_id WHERE w.record IS NOT NULL AND w.deleted_ms IS NULL
       UNION ALL SELECT 2, k.workspace_id, k.id, k.record FROM named n JOIN api_keys k
         ON n.kind = 'apiKey' AND k.workspace_id = n.workspace_id AND k.id = n.id
       UNION ALL SELECT 3, w.workspace_id, w.webhook_id, w.record FROM named n JOIN webhooks w
         ON n.kind = 'webhook' AND w.workspace_id = n.workspace_id AND w.webhook_id = n.id
       UNION ALL SELECT 4, t.workspace_id, t.name, t.record FROM named n JOIN event_types t
         ON n.kind = 'eventType' AND t.workspace_id = n.workspace_id AND t.name = n.id) AS config
     ORDER BY kind, workspace_id, id`,
    columns(
      names,
      ({ kind }) => kind,
      ({ workspaceId }) => workspaceId,
      ({ id }) => id,
    ),
  )
  return snapshotOf(rows)
}

function snapshotOf(rows: readonly Row[]): ConfigSnapshot {
  const of = <Record>(kind: number): Record[] =>
    rows.filter((row) => number(row, "kind") === kind).map((row) => record<Record>(row))
  return {
    workspaces: of<Workspace>(1),
    apiKeys: of<ApiKey>(2),
    webhooks: of<StoredWebhook>(3),
    eventTypes: of<CustomEventType>(4),
  }
}

/** When each key of a workspace was last used, for those that were: id and Unix ms. */
export async function keyLastUsed(run: Runner["run"], workspaceId: WorkspaceId): Promise<ReadonlyMap<string, number>> {
  const rows = await run(
    `SELECT id, last_used_ms FROM api_keys
     WHERE workspace_id = $1 AND last_used_ms IS NOT NULL AND ${workspaceIsVisible} ORDER BY id`,
    [workspaceId],
  )
  return new Map(rows.map((row) => [text(row, "id"), number(row, "last_used_ms")]))
}

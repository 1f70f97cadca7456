import type { DatabaseSync } from "node:sqlite"
import { asId, type WebhookId, type WorkspaceId } from "../../../domain/ids.ts"
import { number, reader, text } from "../prepared.ts"

export type Backlog = { readonly workspaceId: WorkspaceId; readonly webhookId: WebhookId; readonly waiting: number }

/** Webhooks that have waiting deliveries; see `Store.backlogs`. */
export function prepareBacklogs(db: DatabaseSync): () => readonly Backlog[] {
  const find = reader(
    db,
    `SELECT workspaces.id, webhooks.id, waiting
     FROM webhook_counters
     JOIN webhooks ON webhooks.num = webhook_counters.webhook
     JOIN workspaces ON workspaces.num = webhooks.workspace
     WHERE waiting > 0 AND workspaces.deleted_ms IS NULL ORDER BY webhooks.num`,
  )
  return () =>
    find.rows().map((row) => ({
      workspaceId: asId<WorkspaceId>(text(row[0])),
      webhookId: asId<WebhookId>(text(row[1])),
      waiting: number(row[2]),
    }))
}

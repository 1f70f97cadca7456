import type { DatabaseSync } from "node:sqlite"
import type { ApiKey, CustomEventType, Workspace } from "../../../domain/workspace.ts"
import type { ConfigSnapshot, StoredWebhook } from "../../../ports/store.ts"
import { reader, record } from "../prepared.ts"

/** All configuration; see `Store.loadConfig`. */
export function prepareLoadConfig(db: DatabaseSync): () => ConfigSnapshot {
  const workspaces = reader(
    db,
    "SELECT record FROM workspaces WHERE record IS NOT NULL AND deleted_ms IS NULL ORDER BY num",
  )
  const apiKeys = reader(db, "SELECT record FROM api_keys ORDER BY workspace, id")
  const webhooks = reader(db, "SELECT record FROM webhooks WHERE record IS NOT NULL AND deleted = 0 ORDER BY num")
  const eventTypes = reader(db, "SELECT record FROM event_types ORDER BY workspace, name")
  return () => ({
    workspaces: workspaces.rows().map((row) => record<Workspace>(row[0])),
    apiKeys: apiKeys.rows().map((row) => record<ApiKey>(row[0])),
    webhooks: webhooks.rows().map((row) => record<StoredWebhook>(row[0])),
    eventTypes: eventTypes.rows().map((row) => record<CustomEventType>(row[0])),
  })
}

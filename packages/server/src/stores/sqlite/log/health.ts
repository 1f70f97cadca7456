import type { DatabaseSync } from "node:sqlite"
import { asId, type WebhookId, type WorkspaceId } from "../../../domain/ids.ts"
import type { WebhookHealth } from "../../../domain/webhook.ts"
import { number, numberOrNull, type Row, reader, text } from "../prepared.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"

export type HealthQuery = { readonly workspaceId: WorkspaceId; readonly webhookIds: readonly WebhookId[] | "all" }

/** What the log has taught about webhooks; see `Store.health`. */
export function prepareHealth(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (query: HealthQuery) => readonly WebhookHealth[] {
  const columns = `SELECT webhooks.id, coalesce(consecutive_failures, 0), failing_since_ms, last_success_ms,
       coalesce(waiting, 0), coalesce(last_sequence, 0)
     FROM webhooks LEFT JOIN webhook_counters ON webhook_counters.webhook = webhooks.num`
  const ofAll = reader(db, `${columns} WHERE webhooks.workspace = ?`)
  const ofOne = reader(db, `${columns} WHERE webhooks.workspace = ? AND webhooks.id = ?`)

  return ({ workspaceId, webhookIds }) => {
    const workspace = visible(workspaceId)
    if (webhookIds === "all")
      return workspace === null ? [] : ofAll.rows(workspace).map((row) => health(workspaceId, row))
    return webhookIds.map((id) => {
      const row = workspace === null ? undefined : ofOne.row(workspace, id)
      return health(workspaceId, row ?? [id, 0, null, null, 0, 0])
    })
  }
}

function health(workspaceId: WorkspaceId, row: Row): WebhookHealth {
  return {
    workspaceId,
    webhookId: asId<WebhookId>(text(row[0])),
    consecutiveFailures: number(row[1]),
    failingSinceMs: numberOrNull(row[2]),
    lastSuccessMs: numberOrNull(row[3]),
    backlog: number(row[4]),
    lastSequence: number(row[5]),
  }
}

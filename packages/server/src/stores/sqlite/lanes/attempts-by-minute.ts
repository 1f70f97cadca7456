import type { DatabaseSync } from "node:sqlite"
import type { WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import type { AttemptsOfMinute } from "../../../ports/store.ts"
import { minuteMs, minuteOf } from "../../minute.ts"
import { number, reader } from "../prepared.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"

type Query = { readonly workspaceId: WorkspaceId; readonly webhookId: WebhookId; readonly sinceMs: number }

/** See `Store.attemptsByMinute`. Reads the tables, which lag behind the books. */
export function prepareAttemptsByMinute(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (query: Query) => readonly AttemptsOfMinute[] {
  const find = reader(
    db,
    `SELECT m.minute, m.succeeded + m.failed FROM webhooks w JOIN webhook_minutes m ON m.webhook = w.num
     WHERE w.workspace = ? AND w.id = ? AND m.minute >= ? AND m.succeeded + m.failed > 0 ORDER BY m.minute`,
  )
  return ({ workspaceId, webhookId, sinceMs }) => {
    const workspace = visible(workspaceId)
    const rows = workspace === null ? [] : find.rows(workspace, webhookId, minuteOf(sinceMs))
    return rows.map(([minute, attempts]) => ({ minuteMs: number(minute) * minuteMs, attempts: number(attempts) }))
  }
}

import type { WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import { numberOrNull } from "../columns.ts"
import type { Runner } from "../session.ts"
import { code } from "../states.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

/** When a webhook's next retry is due; see `Store.nextDue`. */
export async function nextDue(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  webhookId: WebhookId,
  afterMs: number,
): Promise<number | null> {
  const [row] = await run(
    `SELECT due_ms FROM deliveries WHERE workspace_id = $1 AND webhook_id = $2 AND state = ${code.again} AND due_ms > $3
       AND ${workspaceIsVisible} ORDER BY due_ms LIMIT 1`,
    [workspaceId, webhookId, afterMs],
  )
  return row === undefined ? null : numberOrNull(row, "due_ms")
}

import { text } from "../../columns.ts"
import { removeWebhook } from "./remove-webhook.ts"
import type { Part } from "./step.ts"

/** Removes tombstones of webhooks without deliveries left. */
export function pastWebhooks(): Part {
  let after: readonly [workspaceId: string, webhookId: string] = ["", ""]

  return async (step) => {
    while (step.left > 0) {
      const pageRows = step.left
      const rows = await step.run(
        `SELECT w.workspace_id, w.webhook_id, (w.record::json ->> 'deletedMs')::bigint < $1 AND NOT EXISTS (
             SELECT 1 FROM deliveries d WHERE d.workspace_id = w.workspace_id AND d.webhook_id = w.webhook_id) AS goes
         FROM webhooks w WHERE w.deleted AND (w.workspace_id, w.webhook_id) > ($2, $3)
         ORDER BY w.workspace_id, w.webhook_id LIMIT $4`,
        [step.deletedBeforeMs, ...after, pageRows],
      )
      for (const row of rows) {
        const [workspaceId, webhookId] = [text(row, "workspace_id"), text(row, "webhook_id")]
        if (row.goes !== true) step.left -= 1
        else if (!(await removeWebhook(step, workspaceId, webhookId))) return false
        after = [workspaceId, webhookId]
      }
      if (rows.length < pageRows) {
        after = ["", ""]
        return true
      }
    }
    return false
  }
}

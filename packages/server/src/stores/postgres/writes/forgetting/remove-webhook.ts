import { removeSome } from "./remove-some.ts"
import type { Step } from "./step.ts"

/**
 * Removes a webhook without deliveries, its minutes first, of which it can have a hundred thousand.
 * @returns whether it is gone.
 */
export async function removeWebhook(step: Step, workspaceId: string, webhookId: string): Promise<boolean> {
  const minutes = {
    table: "webhook_minutes",
    key: ["webhook_id", "minute", "side"],
    where: "workspace_id = $1 AND webhook_id = $2",
  }
  if (!(await removeSome(step, minutes, [workspaceId, webhookId]))) return false
  for (const table of ["webhook_sequences", "webhook_health", "webhooks"])
    await step.run(`DELETE FROM ${table} WHERE workspace_id = $1 AND webhook_id = $2`, [workspaceId, webhookId])
  step.left -= 1
  return true
}

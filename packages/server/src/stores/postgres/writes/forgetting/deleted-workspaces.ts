import { text } from "../../columns.ts"
import { removeSome } from "./remove-some.ts"
import type { Part } from "./step.ts"

/** In an order that leaves nothing unfindable behind; the workspace itself comes after all of them. */
const tables: readonly (readonly [table: string, ...key: string[]])[] = [
  ["attempts", "delivery_id", "number", "at_ms", "minted_ms"],
  ["deliveries", "id", "minted_ms"],
  ["events", "id", "minted_ms"],
  ["idempotency_keys", "key"],
  ["webhook_minutes", "webhook_id", "minute", "side"],
  ["webhook_sequences", "webhook_id"],
  ["webhook_health", "webhook_id"],
  ["webhooks", "webhook_id"],
  ["replays", "id"],
  ["api_keys", "id"],
  ["event_types", "name"],
]

/** Removes deleted workspaces, whatever the age and state of what they hold. */
export const deletedWorkspaces: Part = async (step) => {
  for (;;) {
    const [next] = await step.run(
      "SELECT workspace_id FROM workspaces WHERE deleted_ms IS NOT NULL ORDER BY workspace_id LIMIT 1",
    )
    if (next === undefined) return true
    const id = text(next, "workspace_id")
    for (const [table, ...key] of tables)
      if (!(await removeSome(step, { table, key, where: "workspace_id = $1" }, [id]))) return false
    await step.run("DELETE FROM workspaces WHERE workspace_id = $1", [id])
    step.left -= 1
  }
}

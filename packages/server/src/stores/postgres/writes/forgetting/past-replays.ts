import type { Part } from "./step.ts"

/** Removes replays that ended long ago. */
export const pastReplays: Part = async (step) => {
  if (step.left <= 0) return false
  const rows = await step.run(
    `DELETE FROM replays WHERE (workspace_id, id) IN (
       SELECT workspace_id, id FROM replays WHERE state <> 'running' AND updated_ms < $1 ORDER BY updated_ms LIMIT $2)
     RETURNING 1`,
    [step.beforeMs, step.left],
  )
  step.left -= rows.length
  return step.left > 0
}

import type { DatabaseSync } from "node:sqlite"
import type { Books } from "../../books.ts"
import { number, reader, writer } from "../../prepared.ts"
import { prepareRemoveWebhook } from "./remove-webhook.ts"
import type { Part, Step } from "./step.ts"

/** Removes deleted workspaces, whatever the age and state of what they hold. */
export function prepareDeletedWorkspaces(db: DatabaseSync, books: Books): Part {
  const next = reader(db, "SELECT num, deleted_ms FROM workspaces WHERE num > ? ORDER BY num LIMIT ?")
  const history = [
    writer(db, `DELETE FROM attempts WHERE num IN (SELECT attempts.num FROM attempts WHERE workspace = ? LIMIT ?)`),
    writer(
      db,
      `DELETE FROM deliveries WHERE (workspace, id) IN (SELECT workspace, id FROM deliveries WHERE workspace = ? LIMIT ?)`,
    ),
    writer(db, "DELETE FROM events WHERE num IN (SELECT num FROM events WHERE workspace = ? LIMIT ?)"),
  ]
  const webhooksOf = reader(db, "SELECT num FROM webhooks WHERE workspace = ? LIMIT ?")
  const removeWebhook = prepareRemoveWebhook(db)
  const rest = [
    writer(
      db,
      "DELETE FROM replays WHERE workspace = ?1 AND id IN (SELECT id FROM replays WHERE workspace = ?1 LIMIT ?2)",
    ),
    writer(
      db,
      "DELETE FROM api_keys WHERE workspace = ?1 AND id IN (SELECT id FROM api_keys WHERE workspace = ?1 LIMIT ?2)",
    ),
    writer(
      db,
      `DELETE FROM event_types WHERE workspace = ?1 AND name IN
         (SELECT name FROM event_types WHERE workspace = ?1 LIMIT ?2)`,
    ),
  ]
  const removeRecord = writer(db, "DELETE FROM workspaces WHERE num = ?")
  let after = 0

  function removeWorkspace(workspace: number, step: Step): boolean {
    if (!removeSome(history, workspace, step)) return false
    // First, so that nothing this batch counted is lost, nor brings a removed counter back.
    books.write()
    try {
      for (const row of webhooksOf.rows(workspace, step.left)) if (!removeWebhook(number(row[0]), step)) return false
      if (!removeSome(rest, workspace, step)) return false
      removeRecord(workspace)
      step.left -= 1
      return true
    } finally {
      books.reread()
    }
  }

  return (step) => {
    while (step.left > 0) {
      const pageRows = step.left
      const rows = next.rows(after, pageRows)
      for (const row of rows) {
        if (step.left <= 0) return false
        const workspace = number(row[0])
        if (row[1] !== null && !removeWorkspace(workspace, step)) return false
        step.left -= 1
        after = workspace
      }
      if (rows.length < pageRows) {
        after = 0
        return true
      }
    }
    return false
  }
}

/** @returns whether nothing is left of what they remove. */
function removeSome(
  statements: readonly ((workspace: number, limit: number) => number)[],
  workspace: number,
  step: Step,
): boolean {
  for (const remove of statements) {
    if (step.left <= 0) return false
    step.left -= remove(workspace, step.left)
  }
  return step.left > 0
}

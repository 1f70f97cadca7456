import type { DatabaseSync } from "node:sqlite"
import type { Replay } from "../../../../domain/replay.ts"
import { number, reader, record, text, writer } from "../../prepared.ts"
import type { Part } from "./step.ts"

/** Removes replays that ended long ago. */
export function preparePastReplays(db: DatabaseSync): Part {
  const next = reader(
    db,
    "SELECT workspace, id, record FROM replays WHERE (workspace, id) > (?, ?) ORDER BY workspace, id LIMIT ?",
  )
  const remove = writer(db, "DELETE FROM replays WHERE workspace = ? AND id = ?")
  let after: readonly [workspace: number, id: string] = [0, ""]

  return (step) => {
    while (step.left > 0) {
      const pageRows = step.left
      const rows = next.rows(...after, pageRows)
      for (const row of rows) {
        after = [number(row[0]), text(row[1])]
        const { state, updatedMs } = record<Replay>(row[2])
        if (state !== "running" && updatedMs < step.beforeMs) remove(...after)
      }
      step.left -= rows.length
      if (rows.length < pageRows) {
        after = [0, ""]
        return true
      }
    }
    return false
  }
}

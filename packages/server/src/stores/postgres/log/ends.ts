import type { WorkspaceId } from "../../../domain/ids.ts"
import { textOrNull } from "../columns.ts"
import type { Runner } from "../session.ts"

/** A workspace's first and last id, which `idsBetween` takes the shape of all its ids from; null without any. */
export async function ends(
  run: Runner["run"],
  table: "events" | "deliveries",
  workspaceId: WorkspaceId,
): Promise<{ readonly oldest: string; readonly newest: string } | null> {
  const [row] = await run(
    `SELECT (SELECT id FROM ${table} WHERE workspace_id = $1 ORDER BY id LIMIT 1) AS oldest,
       (SELECT id FROM ${table} WHERE workspace_id = $1 ORDER BY id DESC LIMIT 1) AS newest`,
    [workspaceId],
  )
  const [oldest, newest] = row === undefined ? [] : [textOrNull(row, "oldest"), textOrNull(row, "newest")]
  return oldest == null || newest == null ? null : { oldest, newest }
}

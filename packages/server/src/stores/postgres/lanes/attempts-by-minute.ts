import type { WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import type { AttemptsOfMinute } from "../../../ports/store.ts"
import { minuteMs, minuteOf } from "../../minute.ts"
import { number } from "../columns.ts"
import type { Runner } from "../session.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

/** See `Store.attemptsByMinute`. */
export async function attemptsByMinute(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  webhookId: WebhookId,
  sinceMs: number,
): Promise<readonly AttemptsOfMinute[]> {
  const rows = await run(
    `SELECT minute, sum(succeeded + failed)::bigint AS attempts FROM webhook_minutes
     WHERE workspace_id = $1 AND webhook_id = $2 AND minute >= $3 AND ${workspaceIsVisible}
     GROUP BY minute HAVING sum(succeeded + failed) > 0 ORDER BY minute`,
    [workspaceId, webhookId, minuteOf(sinceMs)],
  )
  return rows.map((row) => ({ minuteMs: number(row, "minute") * minuteMs, attempts: number(row, "attempts") }))
}

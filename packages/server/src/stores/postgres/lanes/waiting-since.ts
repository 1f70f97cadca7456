import { asId, type WebhookId, type WorkspaceId } from "../../../domain/ids.ts"
import type { Store } from "../../../ports/store.ts"
import { number, text } from "../columns.ts"
import type { Runner } from "../session.ts"
import { code } from "../states.ts"
import { waitingByCounters } from "./backlogs.ts"

const first = (state: number) =>
  `(SELECT created_ms FROM deliveries d WHERE d.workspace_id = b.workspace_id AND d.webhook_id = b.webhook_id
    AND d.state = ${state} ORDER BY d.sequence LIMIT 1)`

/**
 * Webhooks that have waiting deliveries, and since when; see `Store.waitingSince`. Two steps along indexes that hold
 * nothing but what waits, for each webhook and day.
 */
export async function waitingSince(run: Runner["run"]): Promise<Awaited<ReturnType<Store["waitingSince"]>>> {
  const rows = await run(
    `SELECT * FROM (SELECT b.workspace_id, b.webhook_id, b.waiting,
       least(${first(code.fresh)}, ${first(code.again)}) AS since_ms
     FROM (${waitingByCounters}) b) found WHERE since_ms IS NOT NULL`,
  )
  return rows.map((row) => ({
    workspaceId: asId<WorkspaceId>(text(row, "workspace_id")),
    webhookId: asId<WebhookId>(text(row, "webhook_id")),
    waiting: number(row, "waiting"),
    sinceMs: number(row, "since_ms"),
  }))
}

import { asId, type WebhookId, type WorkspaceId } from "../../../domain/ids.ts"
import { number, text } from "../columns.ts"
import type { Runner } from "../session.ts"

export type Backlog = {
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly waiting: number
  /** What rises when something was accepted for it, or asked for again: see `notices/notices.ts`. */
  readonly lastSequence: number
  readonly wakes: number
}

/** Of every webhook what waits, by its counters. */
export const waitingByCounters = `SELECT s.workspace_id, s.webhook_id, s.last_sequence,
    s.last_sequence - coalesce(h.ended, 0) AS waiting, coalesce(h.wakes, 0) AS wakes
  FROM webhook_sequences s LEFT JOIN webhook_health h USING (workspace_id, webhook_id)
  WHERE s.last_sequence > coalesce(h.ended, 0)
    AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.workspace_id = s.workspace_id AND w.deleted_ms IS NOT NULL)`

/** Webhooks that have waiting deliveries; see `Store.backlogs`. */
export async function backlogs(run: Runner["run"]): Promise<readonly Backlog[]> {
  const rows = await run(`${waitingByCounters} ORDER BY workspace_id, webhook_id`)
  return rows.map((row) => ({
    workspaceId: asId<WorkspaceId>(text(row, "workspace_id")),
    webhookId: asId<WebhookId>(text(row, "webhook_id")),
    waiting: number(row, "waiting"),
    lastSequence: number(row, "last_sequence"),
    wakes: number(row, "wakes"),
  }))
}

import type { DatabaseSync } from "node:sqlite"
import { asId, type WebhookId, type WorkspaceId } from "../../../domain/ids.ts"
import { number, reader, text } from "../prepared.ts"
import { code } from "../states.ts"

export type WaitingSince = {
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly waiting: number
  readonly sinceMs: number
}

/**
 * Webhooks that have waiting deliveries, and since when; see `Store.waitingSince`. Numbers rise in the order of
 * acceptance: so the first of each of two indexes, which hold nothing but what waits, is the oldest.
 */
export function prepareWaitingSince(db: DatabaseSync): () => readonly WaitingSince[] {
  const first = (index: string, state: number) =>
    `(SELECT created_ms FROM deliveries INDEXED BY ${index}
      WHERE webhook = webhooks.num AND state = ${state} ORDER BY sequence LIMIT 1)`
  const find = reader(
    db,
    `SELECT workspaces.id, webhooks.id, waiting, ${first("deliveries_fresh", code.fresh)}, ${first("deliveries_again", code.again)}
     FROM webhook_counters
     JOIN webhooks ON webhooks.num = webhook_counters.webhook
     JOIN workspaces ON workspaces.num = webhooks.workspace
     WHERE waiting > 0 AND workspaces.deleted_ms IS NULL ORDER BY webhooks.num`,
  )
  return () =>
    find.rows().flatMap((row) => {
      const firstsMs = [row[3], row[4]].flatMap((ms) => (ms === null ? [] : number(ms)))
      // Delivered since the books were written.
      if (firstsMs.length === 0) return []
      return {
        workspaceId: asId<WorkspaceId>(text(row[0])),
        webhookId: asId<WebhookId>(text(row[1])),
        waiting: number(row[2]),
        sinceMs: Math.min(...firstsMs),
      }
    })
}

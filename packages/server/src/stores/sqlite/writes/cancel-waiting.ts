import type { DatabaseSync } from "node:sqlite"
import type { WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import type { Books } from "../books.ts"
import { reader, text } from "../prepared.ts"
import { code } from "../states.ts"
import { cancelled, type Deliveries } from "./move-delivery.ts"

export type CancelWaiting = {
  readonly workspaceId: WorkspaceId
  readonly webhookId: WebhookId
  readonly atMs: number
  readonly limit: number
}

/** Ends some of a webhook's waiting deliveries; see `Store.cancelWaiting`. */
export function prepareCancelWaiting(
  db: DatabaseSync,
  books: Books,
  deliveries: Deliveries,
): (cancel: CancelWaiting) => number {
  const isThere = reader(db, "SELECT 1 FROM webhooks WHERE num = ? AND record IS NOT NULL AND deleted = 0")
  const fresh = reader(db, `SELECT id FROM deliveries WHERE webhook = ? AND state = ${code.fresh} LIMIT ?`)
  const again = reader(db, `SELECT id FROM deliveries WHERE webhook = ? AND state = ${code.again} LIMIT ?`)
  return ({ workspaceId, webhookId, atMs, limit }) => {
    const workspace = books.knownWorkspace(workspaceId)
    const webhook = workspace === null ? null : books.knownWebhook(workspace, webhookId)
    if (workspace === null || webhook === null || isThere.row(webhook) !== undefined) return 0
    const rows = [...fresh.rows(webhook, limit)]
    if (rows.length < limit) rows.push(...again.rows(webhook, limit - rows.length))
    for (const row of rows) {
      const id = text(row[0])
      const from = deliveries.find(workspace, id)
      if (from !== null) deliveries.move(workspace, id, from, cancelled(from, atMs))
    }
    return rows.length
  }
}

import type { DatabaseSync } from "node:sqlite"
import type { DeliveryId, WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import type { Books } from "../books.ts"
import { reader, text, writer } from "../prepared.ts"
import { code, isWaiting } from "../states.ts"
import { type Deliveries, recount } from "./move-delivery.ts"

export type Reopen = { readonly workspaceId: WorkspaceId; readonly id: DeliveryId; readonly nowMs: number }

/** Makes a delivery waiting and due now; see `Store.reopen`. */
export function prepareReopen(
  db: DatabaseSync,
  books: Books,
  deliveries: Deliveries,
): (reopen: Reopen) => WebhookId | null {
  const sooner = writer(db, `UPDATE deliveries SET state = ${code.again}, due_ms = ? WHERE workspace = ? AND id = ?`)
  const anew = writer(
    db,
    `UPDATE deliveries SET state = ${code.again}, due_ms = ?, window_from_ms = ?, attempts_before = attempts,
       ended_ms = NULL, because = NULL WHERE workspace = ? AND id = ?`,
  )
  const webhookId = reader(
    db,
    `SELECT webhooks.id FROM webhooks JOIN workspaces ON workspaces.num = webhooks.workspace
     WHERE webhooks.num = ? AND workspaces.deleted_ms IS NULL`,
  )
  return ({ workspaceId, id, nowMs }) => {
    const workspace = books.knownWorkspace(workspaceId)
    const from = workspace === null ? null : deliveries.find(workspace, id)
    const webhook = from === null ? undefined : webhookId.row(from.webhook)
    if (workspace === null || from === null || webhook === undefined) return null
    if (isWaiting(from.state)) sooner(nowMs, workspace, id)
    else anew(nowMs, nowMs, workspace, id)
    recount(books, from, { state: code.again, attempts: from.attempts })
    // Its type says so: the column holds nothing else.
    return text(webhook[0]) as WebhookId
  }
}

import type { DatabaseSync } from "node:sqlite"
import type { WebhookId, WorkspaceId } from "../../../domain/ids.ts"
import { numberOrNull, reader } from "../prepared.ts"
import { code } from "../states.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"
import { prepareKnownWebhook } from "./known-webhook.ts"

export type NextDue = { readonly workspaceId: WorkspaceId; readonly webhookId: WebhookId; readonly afterMs: number }

/** When a webhook's next retry is due; see `Store.nextDue`. */
export function prepareNextDue(db: DatabaseSync, visible: VisibleWorkspace): (query: NextDue) => number | null {
  const knownWebhook = prepareKnownWebhook(db)
  const again = reader(
    db,
    `SELECT min(due_ms) FROM deliveries WHERE webhook = ? AND state = ${code.again} AND due_ms > ?`,
  )

  return ({ workspaceId, webhookId, afterMs }) => {
    const workspace = visible(workspaceId)
    const webhook = workspace === null ? null : knownWebhook(workspace, webhookId)
    return webhook === null ? null : numberOrNull(again.row(webhook, afterMs)?.[0])
  }
}

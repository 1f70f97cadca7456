import type { DatabaseSync } from "node:sqlite"
import type { WebhookId } from "../../../domain/ids.ts"
import { number, reader } from "../prepared.ts"

/** The number that stands for a webhook; null for one that this workspace does not have. */
export function prepareKnownWebhook(db: DatabaseSync): (workspace: number, id: WebhookId) => number | null {
  const find = reader(db, "SELECT num FROM webhooks WHERE workspace = ? AND id = ?")
  return (workspace, id) => {
    const row = find.row(workspace, id)
    return row === undefined ? null : number(row[0])
  }
}

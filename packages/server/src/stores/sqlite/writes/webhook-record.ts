import type { DatabaseSync } from "node:sqlite"
import { webhookStatus } from "../../../domain/webhook.ts"
import type { StoredWebhook } from "../../../ports/store.ts"
import { writer } from "../prepared.ts"

export type PutWebhook = (webhook: number, put: StoredWebhook) => void

/** Writes a webhook's record with the columns derived from it. */
export function preparePutWebhook(db: DatabaseSync): PutWebhook {
  const put = writer(db, "UPDATE webhooks SET version = ?, record = ?, sending = ?, deleted = ? WHERE num = ?")
  return (num, webhook) => {
    // The rule needs neither secrets nor headers, and a stored webhook has neither.
    const status = webhookStatus(webhook)
    put(webhook.version, JSON.stringify(webhook), status === "active" ? 1 : 0, status === "deleted" ? 1 : 0, num)
  }
}

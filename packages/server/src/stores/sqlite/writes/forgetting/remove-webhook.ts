import type { DatabaseSync } from "node:sqlite"
import { writer } from "../../prepared.ts"
import type { Step } from "./step.ts"

/**
 * Removes a webhook without deliveries, its minutes first, of which it can have a hundred thousand.
 *
 * The caller has the books flushed before, so that nothing they hold brings a removed row back, and read anew after.
 * @returns whether it is gone.
 */
export function prepareRemoveWebhook(db: DatabaseSync): (webhook: number, step: Step) => boolean {
  // Always from the first that is there: should the transaction be undone, nothing is left behind.
  const removeMinutes = writer(
    db,
    `DELETE FROM webhook_minutes WHERE webhook = ?1 AND minute IN
       (SELECT minute FROM webhook_minutes WHERE webhook = ?1 LIMIT ?2)`,
  )
  const removeCounters = writer(db, "DELETE FROM webhook_counters WHERE webhook = ?")
  const removeRecord = writer(db, "DELETE FROM webhooks WHERE num = ?")
  return (webhook, step) => {
    if (step.left <= 0) return false
    step.left -= removeMinutes(webhook, step.left)
    if (step.left <= 0) return false
    removeCounters(webhook)
    removeRecord(webhook)
    step.left -= 1
    return true
  }
}

import type { Past } from "../../ports/store.ts"
import type { Rows, WorkspaceRow } from "./rows.ts"

/** See `Store.forget`. A delivery's age counts from its end. */
export function forget(rows: Rows, { beforeMs, deletedBeforeMs }: Past, limit: number): boolean {
  let left = limit
  for (const workspace of [...rows.workspaces.values()]) {
    if (workspace.deletedMs !== null) {
      // Nobody could see it any more, and memory is given back at once: no need for steps.
      rows.workspaces.delete(workspace.id)
      return true
    }
    left -= forgetEvents(workspace, beforeMs, left)
    if (left <= 0) return true
    for (const [id, { record, deliveries }] of workspace.webhooks)
      if (deliveries.size === 0 && isBefore(record?.deletedMs ?? null, deletedBeforeMs)) workspace.webhooks.delete(id)
    for (const [id, replay] of workspace.replays)
      if (replay.state !== "running" && replay.updatedMs < beforeMs) workspace.replays.delete(id)
  }
  return false
}

function isBefore(ms: number | null, beforeMs: number): boolean {
  return ms !== null && ms < beforeMs
}

/** @returns rows removed. */
function forgetEvents(workspace: WorkspaceRow, beforeMs: number, limit: number): number {
  let removed = 0
  for (const event of workspace.events.values()) {
    if (removed >= limit) break
    if (event.acceptedMs >= beforeMs) continue
    for (const row of event.deliveries.values()) {
      if (removed >= limit) return removed
      if (row.state === "waiting" || (row.endedMs ?? row.createdMs) >= beforeMs) continue
      event.deliveries.delete(row.id)
      workspace.deliveries.delete(row.id)
      row.webhook.deliveries.delete(row)
      removed += Math.max(1, row.attempts.length)
    }
    if (event.deliveries.size > 0) continue
    workspace.events.delete(event.id)
    if (event.idempotency !== null) workspace.eventsByKey.delete(event.idempotency.key)
    removed += 1
  }
  return removed
}

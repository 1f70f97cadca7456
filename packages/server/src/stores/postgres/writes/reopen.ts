import { asId, type DeliveryId, type WebhookId, type WorkspaceId } from "../../../domain/ids.ts"
import { number, numberOrNull, text } from "../columns.ts"
import { mintedMs } from "../minted.ts"
import { addMinutes, Minutes, side } from "../minutes.ts"
import type { Runner } from "../session.ts"
import { bucket, code, isWaiting } from "../states.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

/** Makes a delivery waiting and due now, on any node; see `Store.reopen`. */
export async function reopen(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  id: DeliveryId,
  nowMs: number,
): Promise<WebhookId | null> {
  const minted = mintedMs(id)
  const [row] = await run(
    `SELECT webhook_id, state, attempts, window_from_ms FROM deliveries
     WHERE workspace_id = $1 AND id = $2 AND minted_ms = $3 AND ${workspaceIsVisible} FOR UPDATE`,
    [workspaceId, id, minted],
  )
  if (row === undefined) return null
  const webhookId = asId<WebhookId>(text(row, "webhook_id"))
  const [state, attempts] = [number(row, "state"), number(row, "attempts")]
  const ended = !isWaiting(state)
  await run(
    `UPDATE deliveries SET state = ${code.again}, due_ms = $4, window_from_ms = $5, ended_ms = NULL, because = NULL,
       attempts_before = CASE WHEN $6 THEN attempts ELSE attempts_before END
     WHERE workspace_id = $1 AND id = $2 AND minted_ms = $3`,
    [workspaceId, id, minted, nowMs, ended ? nowMs : (numberOrNull(row, "window_from_ms") ?? nowMs), ended],
  )
  await run(
    `INSERT INTO webhook_health AS h (workspace_id, webhook_id, ended, wakes) VALUES ($1, $2, $3, 1)
     ON CONFLICT (workspace_id, webhook_id) DO UPDATE SET ended = h.ended + excluded.ended, wakes = h.wakes + 1`,
    [workspaceId, webhookId, ended ? -1 : 0],
  )
  const minutes = new Minutes()
  const [before, now] = [bucket(state, attempts), bucket(code.again, attempts)]
  if (before !== now) {
    minutes.count(workspaceId, webhookId, minted, before, -1)
    minutes.count(workspaceId, webhookId, minted, now, 1)
    await run(addMinutes(1, side.settling), minutes.columns())
  }
  return webhookId
}

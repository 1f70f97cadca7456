import { asId, type WebhookId, type WorkspaceId } from "../../../domain/ids.ts"
import type { WebhookHealth } from "../../../domain/webhook.ts"
import { number, numberOrNull, text } from "../columns.ts"
import { arrayOf } from "../literals.ts"
import type { Row, Runner } from "../session.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

const joins = `LEFT JOIN webhook_health h ON h.workspace_id = $1 AND h.webhook_id = w.webhook_id
  LEFT JOIN webhook_sequences s ON s.workspace_id = $1 AND s.webhook_id = w.webhook_id`
const select = `SELECT w.webhook_id, coalesce(h.consecutive_failures, 0) AS failures, h.failing_since_ms,
  h.last_success_ms, coalesce(s.last_sequence, 0) - coalesce(h.ended, 0) AS backlog,
  coalesce(s.last_sequence, 0) AS last_sequence`

/** What the log has taught about webhooks; see `Store.health`. */
export async function health(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  webhookIds: readonly WebhookId[] | "all",
): Promise<ReadonlyMap<WebhookId, WebhookHealth>> {
  if (webhookIds === "all") {
    const rows = await run(
      `${select} FROM webhooks w ${joins} WHERE w.workspace_id = $1 AND ${workspaceIsVisible} ORDER BY w.webhook_id`,
      [workspaceId],
    )
    return new Map(rows.map((row) => [asId<WebhookId>(text(row, "webhook_id")), healthOf(workspaceId, row)]))
  }
  const rows = await run(`${select} FROM unnest($2::text[]) AS w (webhook_id) ${joins} WHERE ${workspaceIsVisible}`, [
    workspaceId,
    arrayOf(webhookIds),
  ])
  const found = new Map(rows.map((row) => [text(row, "webhook_id"), healthOf(workspaceId, row)]))
  return new Map(webhookIds.map((id) => [id, found.get(id) ?? neverAttempted(workspaceId, id)]))
}

function healthOf(workspaceId: WorkspaceId, row: Row): WebhookHealth {
  return {
    workspaceId,
    webhookId: asId<WebhookId>(text(row, "webhook_id")),
    consecutiveFailures: number(row, "failures"),
    failingSinceMs: numberOrNull(row, "failing_since_ms"),
    lastSuccessMs: numberOrNull(row, "last_success_ms"),
    backlog: number(row, "backlog"),
    lastSequence: number(row, "last_sequence"),
  }
}

function neverAttempted(workspaceId: WorkspaceId, webhookId: WebhookId): WebhookHealth {
  const nothing = { consecutiveFailures: 0, failingSinceMs: null, lastSuccessMs: null, backlog: 0, lastSequence: 0 }
  return { workspaceId, webhookId, ...nothing }
}

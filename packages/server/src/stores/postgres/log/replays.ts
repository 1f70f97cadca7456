import { deliveryStatus } from "../../../domain/delivery.ts"
import { asId, type EventId, type ReplayId, type WorkspaceId } from "../../../domain/ids.ts"
import type { Replay } from "../../../domain/replay.ts"
import type { ReplayCandidate } from "../../../ports/store.ts"
import { number, numberOrNull, record, text, textOrNull } from "../columns.ts"
import { mintedMs, mintSlackMs } from "../minted.ts"
import type { Runner } from "../session.ts"
import { code, storedState } from "../states.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

export async function replay(run: Runner["run"], workspaceId: WorkspaceId, id: ReplayId): Promise<Replay | null> {
  const [row] = await run(`SELECT record FROM replays WHERE workspace_id = $1 AND id = $2 AND ${workspaceIsVisible}`, [
    workspaceId,
    id,
  ])
  return row === undefined ? null : record<Replay>(row)
}

/** Replays not yet ended, oldest first. */
export async function openReplays(run: Runner["run"]): Promise<readonly Replay[]> {
  const rows = await run(
    `SELECT record FROM replays r WHERE state = 'running'
       AND NOT EXISTS (SELECT 1 FROM workspaces w WHERE w.workspace_id = r.workspace_id AND w.deleted_ms IS NOT NULL)
     ORDER BY created_ms, id`,
  )
  return rows.map((row) => record<Replay>(row))
}

/**
 * Of the candidate `e`, by the index on events. The webhook is hidden from the planner, which without statistics took the
 * index on webhooks, and went through all of the webhook's history for each event: over 20 s for 500 of them.
 */
const deliveriesOfIt = "d.workspace_id = $1 AND d.event_id = e.id AND d.webhook_id || '' = $2"

/** Events that a replay may deliver again; see `Store.replayCandidates`. */
export async function replayCandidates(
  run: Runner["run"],
  { workspaceId, webhookId, fromMs, toMs }: Pick<Replay, "workspaceId" | "webhookId" | "fromMs" | "toMs">,
  afterId: EventId | null,
  limit: number,
): Promise<readonly ReplayCandidate[]> {
  const leastMs = Math.max(fromMs - mintSlackMs, afterId === null ? 0 : mintedMs(afterId))
  const rows = await run(
    `SELECT e.id, e.type, e.attributes, e.ordering_key, latest.state::bigint AS state,
       latest.attempts::bigint AS attempts, coalesce(w.sending, true) AS sending, coalesce(w.deleted, false) AS deleted,
       EXISTS (SELECT 1 FROM deliveries d WHERE ${deliveriesOfIt} AND d.state = ${code.delivered}) AS ever_delivered
     FROM (SELECT id, type, attributes, ordering_key FROM events
           WHERE workspace_id = $1 AND id > $3 AND minted_ms >= $4 AND minted_ms < $5 AND accepted_ms >= $6
             AND accepted_ms < $7 AND ${workspaceIsVisible} ORDER BY id LIMIT $8) e
     LEFT JOIN webhooks w ON w.workspace_id = $1 AND w.webhook_id = $2
     LEFT JOIN LATERAL (SELECT d.state, d.attempts FROM deliveries d WHERE ${deliveriesOfIt}
       ORDER BY d.id || '' DESC LIMIT 1) latest ON true
     ORDER BY e.id`,
    [workspaceId, webhookId, afterId ?? "", leastMs, toMs + mintSlackMs, fromMs, toMs, limit],
  )
  return rows.map((row) => {
    const state = numberOrNull(row, "state")
    return {
      eventId: asId<EventId>(text(row, "id")),
      type: text(row, "type"),
      attributes: record<ReplayCandidate["attributes"]>(row, "attributes"),
      orderingKey: textOrNull(row, "ordering_key"),
      latest:
        state === null
          ? null
          : deliveryStatus(storedState(state), number(row, "attempts"), {
              sending: row.sending === true,
              deleted: row.deleted === true,
            }),
      everDelivered: row.ever_delivered === true,
    }
  })
}

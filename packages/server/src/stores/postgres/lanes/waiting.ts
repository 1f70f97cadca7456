import type { WaitingDelivery } from "../../../domain/delivery.ts"
import { asId, type DeliveryId, type EventId } from "../../../domain/ids.ts"
import type { WaitingQuery } from "../../../ports/store.ts"
import { number, text, textOrNull } from "../columns.ts"
import type { Row, Runner, Value } from "../session.ts"
import { code } from "../states.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

const wanted = `workspace_id, id, event_id, event_minted_ms, event_type, sequence, lane_key, attempts::bigint AS attempts,
  attempts_before::bigint AS attempts_before, due_ms, window_from_ms`
const lane = "workspace_id = $1 AND webhook_id = $2"

/**
 * The first by sequence of two short walks, each along an index that holds nothing but what waits. One walk over both
 * states would pass all that is being retried to find what is fresh.
 */
function inOrder(): string {
  const walk = (state: number) =>
    `(SELECT ${wanted} FROM deliveries WHERE ${lane} AND state = ${state} ORDER BY sequence LIMIT $3)`
  return `SELECT * FROM (${walk(code.fresh)} UNION ALL ${walk(code.again)}) AS merged ORDER BY sequence LIMIT $3`
}

const keyed = `${lane} AND state IN (0, 2)`

const picks = {
  head: inOrder(),
  key: `SELECT ${wanted} FROM deliveries WHERE ${keyed} AND lane_key = $4 ORDER BY sequence LIMIT $3`,
  // Jumps from key to key: a lane with a million waiting costs one step, as a lane with one does.
  keyHeads: `SELECT head.* FROM (
      WITH RECURSIVE keys (lane_key, n) AS (
        (SELECT lane_key, 1 FROM deliveries WHERE ${keyed} AND ($4::text IS NULL OR lane_key > $4)
         ORDER BY lane_key LIMIT 1)
        UNION ALL
        SELECT next.lane_key, keys.n + 1 FROM keys CROSS JOIN LATERAL (
          SELECT d.lane_key FROM deliveries d WHERE d.workspace_id = $1 AND d.webhook_id = $2 AND d.state IN (0, 2)
            AND d.lane_key > keys.lane_key ORDER BY d.lane_key LIMIT 1) next
        WHERE keys.n < $3
      ) SELECT lane_key FROM keys) AS found
    CROSS JOIN LATERAL (SELECT ${wanted} FROM deliveries WHERE ${keyed} AND deliveries.lane_key = found.lane_key
      ORDER BY sequence LIMIT 1) head`,
  fresh: `SELECT ${wanted} FROM deliveries WHERE ${lane} AND state = ${code.fresh} AND sequence > $4
    ORDER BY sequence LIMIT $3`,
  retries: `SELECT ${wanted} FROM deliveries WHERE ${lane} AND state = ${code.again} AND due_ms <= $4
    ORDER BY due_ms, sequence LIMIT $3`,
} as const

/** In which order the deliveries are to come back. */
const order = {
  head: "p.sequence",
  key: "p.sequence",
  keyHeads: "p.lane_key",
  fresh: "p.sequence",
  retries: "p.due_ms, p.sequence",
} as const

/**
 * The event's workspace is that of what was picked, not the parameter again: with the parameter a plan made while a day's
 * partition was empty found events by the workspace alone, which then is as cheap as by the whole key, and by the time
 * the partition held 300,000 took over 20 s in place of 2 ms.
 */
function statement(read: WaitingQuery["read"]): string {
  return `SELECT p.*, e.body, e.trace FROM (${picks[read]}) AS p
    JOIN events e ON e.workspace_id = p.workspace_id AND e.id = p.event_id AND e.minted_ms = p.event_minted_ms
    WHERE ${workspaceIsVisible}
    ORDER BY ${order[read]}`
}

const statements = {
  head: statement("head"),
  key: statement("key"),
  keyHeads: statement("keyHeads"),
  fresh: statement("fresh"),
  retries: statement("retries"),
} as const

/** Waiting deliveries of one webhook, with their bodies; see `Store.waiting`. */
export async function waiting(run: Runner["run"], query: WaitingQuery): Promise<readonly WaitingDelivery[]> {
  const values: Value[] = [query.workspaceId, query.webhookId, query.limit]
  if (query.read === "key") values.push(query.laneKey)
  else if (query.read === "keyHeads") values.push(query.afterKey)
  else if (query.read === "fresh") values.push(query.afterSequence)
  else if (query.read === "retries") values.push(query.byMs)
  const rows = await run(statements[query.read], values)
  return rows.map((row) => delivery(query, row))
}

function delivery({ workspaceId, webhookId }: WaitingQuery, row: Row): WaitingDelivery {
  return {
    id: asId<DeliveryId>(text(row, "id")),
    workspaceId,
    webhookId,
    eventId: asId<EventId>(text(row, "event_id")),
    eventType: text(row, "event_type"),
    sequence: number(row, "sequence"),
    laneKey: text(row, "lane_key"),
    attempts: number(row, "attempts"),
    attemptsBefore: number(row, "attempts_before"),
    dueMs: number(row, "due_ms"),
    windowFromMs: number(row, "window_from_ms"),
    body: text(row, "body"),
    trace: textOrNull(row, "trace"),
  }
}

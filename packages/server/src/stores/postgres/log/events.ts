import type { StoredEvent } from "../../../domain/event.ts"
import { asId, type EventId, type WorkspaceId } from "../../../domain/ids.ts"
import type { EventFilter, Page } from "../../../ports/store.ts"
import { number, record, text, textOrNull } from "../columns.ts"
import { mintedMs, mintSlackMs } from "../minted.ts"
import type { Row, Runner, Value } from "../session.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"

const select = `SELECT id, type, created_ms, accepted_ms, delivery_count, ordering_key, attributes, metadata,
  idempotency_key, body FROM events`

export async function event(run: Runner["run"], workspaceId: WorkspaceId, id: EventId): Promise<StoredEvent | null> {
  const [row] = await run(
    `${select} WHERE workspace_id = $1 AND id = $2 AND minted_ms = $3 AND ${workspaceIsVisible}`,
    [workspaceId, id, mintedMs(id)],
  )
  return row === undefined ? null : storedEvent(workspaceId, row)
}

/** A page of events, newest first; see `Store.events`. */
export async function events(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  filter: EventFilter,
  page: Page,
): Promise<readonly StoredEvent[]> {
  const values: Value[] = [workspaceId]
  const conditions = ["workspace_id = $1", workspaceIsVisible]
  const where = (condition: string, value: Value) => {
    values.push(value)
    conditions.push(condition.replaceAll("?", `$${values.length}`))
  }
  if (filter.fromMs !== undefined) {
    where("accepted_ms >= ?", filter.fromMs)
    where("minted_ms >= ?", filter.fromMs - mintSlackMs)
  }
  if (filter.toMs !== undefined) {
    where("accepted_ms < ?", filter.toMs)
    where("minted_ms < ?", filter.toMs + mintSlackMs)
  }
  if (filter.type !== undefined) where("type = ?", filter.type)
  // In the collation "C", lower() changes ASCII letters alone.
  if (filter.text !== undefined) where(`strpos(lower(body COLLATE "C"), lower(?::text COLLATE "C")) > 0`, filter.text)
  if (page.before !== null) {
    where("id < ?", page.before)
    where("minted_ms <= ?", mintedMs(page.before))
  }
  values.push(page.limit)
  const rows = await run(`${select} WHERE ${conditions.join(" AND ")} ORDER BY id DESC LIMIT $${values.length}`, values)
  return rows.map((row) => storedEvent(workspaceId, row))
}

function storedEvent(workspaceId: WorkspaceId, row: Row): StoredEvent {
  return {
    id: asId<EventId>(text(row, "id")),
    workspaceId,
    type: text(row, "type"),
    createdMs: number(row, "created_ms"),
    acceptedMs: number(row, "accepted_ms"),
    deliveries: number(row, "delivery_count"),
    orderingKey: textOrNull(row, "ordering_key"),
    attributes: record(row, "attributes"),
    metadata: textOrNull(row, "metadata"),
    idempotencyKey: textOrNull(row, "idempotency_key"),
    body: text(row, "body"),
  }
}

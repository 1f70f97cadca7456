import type { ListedEvent, StoredEvent } from "../../../domain/event.ts"
import { asId, type EventId, type WorkspaceId } from "../../../domain/ids.ts"
import type { EventFilter, Page } from "../../../ports/store.ts"
import { pageFrom, type Stride } from "../../stride.ts"
import { idsBetween } from "../../time-bounds.ts"
import { number, record, text, textOrNull } from "../columns.ts"
import { mintedMs, mintSlackMs } from "../minted.ts"
import type { Row, Runner } from "../session.ts"
import { workspaceIsVisible } from "../visible-workspace.ts"
import { Conditions } from "./conditions.ts"
import { ends } from "./ends.ts"
import { searchEnd, strideEnd } from "./stride-end.ts"

const listed = `id, type, created_ms, accepted_ms, delivery_count, ordering_key, attributes, metadata, idempotency_key`

export async function event(run: Runner["run"], workspaceId: WorkspaceId, id: EventId): Promise<StoredEvent | null> {
  const [row] = await run(
    `SELECT ${listed}, body FROM events WHERE workspace_id = $1 AND id = $2 AND minted_ms = $3 AND ${workspaceIsVisible}`,
    [workspaceId, id, mintedMs(id)],
  )
  return row === undefined ? null : { ...listedEvent(workspaceId, row), body: text(row, "body") }
}

/** A page of events, newest first; see `Store.events`. */
export function events(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  filter: EventFilter,
  page: Page,
  signal: AbortSignal | undefined,
): Promise<readonly ListedEvent[]> {
  return pageFrom(page.limit, page.before, signal, (limit, before) =>
    stretch(run, workspaceId, filter, { limit, before }),
  )
}

async function stretch(
  run: Runner["run"],
  workspaceId: WorkspaceId,
  filter: EventFilter,
  page: Page,
): Promise<Stride<ListedEvent>> {
  const found = await ends(run, "events", workspaceId)
  if (found === null) return { items: [], resumeBefore: null }
  const span = idsBetween(found.oldest, found.newest, filter.fromMs, filter.toMs, page.before)
  const rows = new Conditions(["workspace_id = $1", workspaceIsVisible], [workspaceId])
  // The mint's time as well, which names the partitions to look into.
  rows.add("id < ?", span.above).add("id >= ?", span.least)
  if (filter.fromMs !== undefined) rows.add("minted_ms >= ?", filter.fromMs - mintSlackMs)
  if (filter.toMs !== undefined) rows.add("minted_ms < ?", filter.toMs + mintSlackMs)
  if (page.before !== null) rows.add("minted_ms <= ?", mintedMs(page.before))
  const end = await endOf(run, filter, rows)
  if (end !== null) rows.add("id >= ?", end).add("minted_ms >= ?", mintedMs(end))
  if (filter.fromMs !== undefined) rows.add("accepted_ms >= ?", filter.fromMs)
  if (filter.toMs !== undefined) rows.add("accepted_ms < ?", filter.toMs)
  if (filter.type !== undefined) rows.add("type = ?", filter.type)
  // In the collation "C", lower() changes ASCII letters alone.
  if (filter.text !== undefined)
    rows.add(`strpos(lower(body COLLATE "C"), lower(?::text COLLATE "C")) > 0`, filter.text)
  const limit = rows.parameter(page.limit)
  const items = await run(`SELECT ${listed} FROM events WHERE ${rows.sql} ORDER BY id DESC LIMIT ${limit}`, rows.values)
  return {
    items: items.map((row) => listedEvent(workspaceId, row)),
    resumeBefore: end === null || items.length >= page.limit ? null : end,
  }
}

async function endOf(run: Runner["run"], filter: EventFilter, rows: Conditions): Promise<string | null> {
  const { fromMs, toMs, type, text } = filter
  if (text !== undefined) return searchEnd(run, rows)
  const isFiltered = fromMs !== undefined || toMs !== undefined || type !== undefined
  return isFiltered ? strideEnd(run, "events", rows) : null
}

function listedEvent(workspaceId: WorkspaceId, row: Row): ListedEvent {
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
  }
}

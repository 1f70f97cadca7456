import type { DatabaseSync, SQLInputValue } from "node:sqlite"
import type { ListedEvent } from "../../../domain/event.ts"
import type { WorkspaceId } from "../../../domain/ids.ts"
import type { EventFilter, Page } from "../../../ports/store.ts"
import { type Stride, strideRows } from "../../stride.ts"
import { idsBetween, justAbove } from "../../time-bounds.ts"
import { reader, text } from "../prepared.ts"
import type { VisibleWorkspace } from "../visible-workspace.ts"
import { BodySearch } from "./body-search.ts"
import { listedColumns, listedEvent } from "./event.ts"
import { statements } from "./statements.ts"

export type EventsQuery = { readonly workspaceId: WorkspaceId; readonly filter: EventFilter; readonly page: Page }

/** A stretch of the list of events, newest first; see `Store.events`. */
export function prepareEvents(
  db: DatabaseSync,
  visible: VisibleWorkspace,
): (query: EventsQuery) => Stride<ListedEvent> {
  const prepared = statements(db)
  const search = new BodySearch(db)
  const ends = reader(
    db,
    "SELECT min(id), (SELECT max(id) FROM events WHERE workspace = ?1) FROM events WHERE workspace = ?1",
  )
  const strideEnd = reader(
    db,
    `SELECT id FROM events WHERE workspace = ? AND id < ? AND id >= ? ORDER BY id DESC LIMIT 1 OFFSET ${strideRows - 1}`,
  )
  return ({ workspaceId, filter, page }) => {
    const workspace = visible(workspaceId)
    const [oldest, newest] = workspace === null ? [] : (ends.row(workspace) ?? [])
    if (workspace === null || typeof oldest !== "string" || typeof newest !== "string")
      return { items: [], resumeBefore: null }
    const span = idsBetween(oldest, newest, filter.fromMs, filter.toMs, page.before)

    const conditions: string[] = []
    const values: SQLInputValue[] = []
    if (filter.fromMs !== undefined) {
      conditions.push("accepted_ms >= ?")
      values.push(filter.fromMs)
    }
    if (filter.toMs !== undefined) {
      conditions.push("accepted_ms < ?")
      values.push(filter.toMs)
    }
    if (filter.type !== undefined) {
      conditions.push("type = ?")
      values.push(filter.type)
    }
    if (filter.text !== undefined) {
      conditions.push(search.condition)
      values.push(filter.text)
    }
    const end = conditions.length === 0 ? undefined : strideEnd.row(workspace, span.above, span.least)
    const least = end === undefined ? span.least : text(end[0])
    const found = prepared(
      `SELECT ${listedColumns} FROM events INDEXED BY events_by_id
       WHERE ${["workspace = ?", "id < ?", "id >= ?", ...conditions].join(" AND ")} ORDER BY id DESC LIMIT ?`,
    ).each(workspace, span.above, least, ...values, page.limit)
    search.begin()
    const items: ListedEvent[] = []
    for (const row of found) {
      const event = listedEvent(workspaceId, row)
      if (search.isSpent) return { items, resumeBefore: justAbove(event.id) }
      items.push(event)
    }
    return { items, resumeBefore: end === undefined || items.length >= page.limit ? null : least }
  }
}

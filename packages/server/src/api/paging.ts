import type { Page } from "../ports/store.ts"
import { Problem } from "./problems.ts"

export type PageQuery = { readonly limit?: number; readonly cursor?: string }

const limitDefault = 50

/** One more than asked for is read, to know whether there is a next page. */
export function pageAsked(query: PageQuery): Page {
  return { limit: (query.limit ?? limitDefault) + 1, before: query.cursor === undefined ? null : read(query.cursor) }
}

/** @param found what `pageAsked` brought. */
export function pageAnswer<Item, View>(
  query: PageQuery,
  found: readonly Item[],
  idOf: (item: Item) => string,
  view: (item: Item) => View,
): { data: View[]; next_cursor: string | null } {
  const { shown, next } = cut(query, found, idOf)
  return { data: shown.map(view), next_cursor: next }
}

/** The items to show and the cursor to the rest. */
export function cut<Item>(
  query: PageQuery,
  found: readonly Item[],
  idOf: (item: Item) => string,
): { shown: readonly Item[]; next: string | null } {
  const limit = query.limit ?? limitDefault
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  return { shown, next: found.length > limit && last !== undefined ? write(idOf(last)) : null }
}

/**
 * The page of a list that is held in memory; ids sort by time.
 * @param items in any order: this node may have heard of two in another order than that of their ids.
 */
export function newestFirst<Item>(
  query: PageQuery,
  items: readonly Item[],
  idOf: (item: Item) => string,
): readonly Item[] {
  const { limit, before } = pageAsked(query)
  const rest = before === null ? items : items.filter((item) => idOf(item) < before)
  return rest.toSorted((a, b) => (idOf(a) < idOf(b) ? 1 : -1)).slice(0, limit)
}

/** Opaque, so that what is inside may change. */
function write(id: string): string {
  return Buffer.from(id).toString("base64url")
}

function read(cursor: string): string {
  const id = Buffer.from(cursor, "base64url").toString()
  if (!/^[\w.-]{1,200}$/.test(id) || write(id) !== cursor) {
    throw new Problem("query_invalid", {
      errors: [{ pointer: "/cursor", detail: "is not one that this API gave; pass next_cursor back unchanged" }],
    })
  }
  return id
}

import type { InfiniteData } from "@tanstack/react-query"
import type { Page } from "@tocsin/client"

export type Pages<Item> = InfiniteData<Page<Item>, string | undefined>

/**
 * The pages that are known, newest first, with their head as it is now. As far as the head reaches it has the say: what it
 * lacks there no longer fits the list's filter (a delivery that was "retrying" and has arrived, say), and what fits since
 * lately stands at its place.
 *
 * @returns null when the head no longer reaches what is known: what lies between is not known then.
 */
export function withHead<Item extends { readonly id: string }>(
  known: Pages<Item>,
  head: Page<Item>,
): Pages<Item> | null {
  const last = head.next_cursor === null ? undefined : head.data.at(-1)?.id
  // Ids rise with time, so what is older than the head's end has a lesser one.
  const older = known.pages.map((page) => ({
    ...page,
    data: last === undefined ? [] : page.data.filter(({ id }) => id < last),
  }))
  const [first, ...others] = older
  if (first === undefined || older.every(({ data }) => data.length === 0)) {
    return { pages: [head], pageParams: known.pageParams.slice(0, 1) }
  }
  const headIds = new Set(head.data.map(({ id }) => id))
  if (!known.pages.some(({ data }) => data.some(({ id }) => headIds.has(id)))) return null
  return { ...known, pages: [{ ...first, data: [...head.data, ...first.data] }, ...others] }
}

import { type QueryKey, useInfiniteQuery, useQueryClient } from "@tanstack/react-query"
import type { Activity, Page } from "@tocsin/client"
import { useEffect, useMemo, useRef } from "react"
import { paced, useActivity } from "./activity.tsx"
import { type Pages, withHead } from "./with-head.ts"

const tailEveryMs = 1_000

/**
 * A cursor-paged list, newest first, that takes in what is new at its head without reading the rest again.
 *
 * @param fetchPage the page at a cursor.
 * @param tail whether to follow what happens; `about` says which activities concern the list.
 */
export function useLiveList<Item extends { readonly id: string }>(
  queryKey: QueryKey,
  fetchPage: (cursor: string | undefined, signal: AbortSignal | undefined) => Promise<Page<Item>>,
  tail: { readonly on: boolean; readonly about: Activity["kind"] } | null = null,
) {
  const queries = useQueryClient()
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam, signal),
    // Comparing all that is loaded with itself at each further page would take longer and longer.
    structuralSharing: false,
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
  const takeIn = useRef(async () => {})
  takeIn.current = async () => {
    const head = await fetchPage(undefined, undefined)
    const before = queries.getQueryData<Pages<Item>>(queryKey)
    const after = before && withHead(before, head)
    // A whole page of news: what lies between is unknown, so the list begins again.
    if (after === null) await queries.resetQueries({ queryKey })
    else if (after) queries.setQueryData(queryKey, after)
  }
  const pace = useMemo(
    () =>
      paced(() => {
        // A page that fails now comes with the next activity.
        takeIn.current().catch(() => {})
      }, tailEveryMs),
    [],
  )
  const follows = tail?.on === true
  const paused = useRef(false)
  useEffect(() => {
    // What came meanwhile is taken in at once when it is followed again.
    if (follows && paused.current) pace.soon()
    paused.current = !follows
    return pace.cancel
  }, [pace, follows])
  useActivity((activity) => {
    const kind = activity?.kind ?? tail?.about
    if (kind === tail?.about || (tail?.about === "attempt" && kind === "event")) pace.soon()
  }, follows)
  const rows = useMemo(() => query.data?.pages.flatMap(({ data }) => data) ?? [], [query.data])
  return {
    rows,
    query,
    more: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
  }
}

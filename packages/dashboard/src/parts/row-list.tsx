import { useVirtualizer } from "@tanstack/react-virtual"
import {
  type CSSProperties,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
} from "react"
import { joined } from "./joined.ts"
import { scrollable } from "./scrollable.ts"

export type Column<Row> = {
  readonly name: string
  /** A track of CSS grid: `8rem`, `minmax(0, 2fr)`. */
  readonly width: string
  readonly cell: (row: Row) => ReactNode
  /** Hidden on narrower screens: `sm` below 640 px, `md` below 768, `lg` below 1024. */
  readonly from?: "sm" | "md" | "lg"
  readonly right?: boolean
}

const hiding = { sm: "max-sm:hidden", md: "max-md:hidden", lg: "max-lg:hidden" } as const

/**
 * A long list of which only what is seen is in the document. It asks for more when its end comes near.
 *
 * @param rows all that is loaded so far.
 * @param more loads the next page; undefined at the end.
 */
export function RowList<Row>({
  label,
  rows,
  columns,
  keyOf,
  more,
  loadingMore = false,
  empty,
  rowHeightPx = 44,
  height = "h-[max(20rem,calc(100dvh-9.5rem))]",
}: {
  label: string
  rows: readonly Row[]
  columns: readonly Column<Row>[]
  keyOf: (row: Row) => string
  more?: (() => void) | undefined
  loadingMore?: boolean
  empty: ReactNode
  rowHeightPx?: number
  height?: string
}) {
  const scroller = useRef<HTMLElement>(null)
  const latestKeyOf = useRef(keyOf)
  latestKeyOf.current = keyOf
  // The same function as long as the rows are the same: for another one every row's place is reckoned anew, at a hundred
  // thousand of them for longer than a frame lasts.
  const getItemKey = useCallback(
    (index: number) => {
      const row = rows[index]
      return row === undefined ? index : latestKeyOf.current(row)
    },
    [rows],
  )
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    overscan: 8,
    getItemKey,
  })
  useKeepingPlace(scroller, rows, keyOf, rowHeightPx)
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (more && !loadingMore && last >= rows.length - 20) more()
  }, [more, loadingMore, last, rows.length])

  return (
    // What comes at the head moves what is read only where `useKeepingPlace` lets it: the browser must not scroll after it too.
    <section
      ref={scroller}
      className={joined("overflow-auto [overflow-anchor:none]", height)}
      {...scrollable}
      aria-label={label}
    >
      {/* A table in meaning, a grid in layout: rows that are not in the document take up their room all the same. */}
      <table className="block" style={measures(columns, rowHeightPx)} aria-rowcount={more ? -1 : rows.length + 1}>
        <caption className="sr-only">{label}</caption>
        <thead className="sticky top-0 z-10 block border-b border-line bg-surface">
          <tr aria-rowindex={1} className={rowClass}>
            {columns.map((column) => (
              <th
                key={column.name}
                scope="col"
                className={joined(
                  "truncate text-xs font-medium text-muted",
                  column.from && hiding[column.from],
                  column.right ? "text-right" : "text-left",
                )}
              >
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        {/* One place for all of them: when each row had its own, in a style that no other has, dragging took six times as long. */}
        <tbody className="block" style={{ height: virtual.getTotalSize(), paddingTop: items[0]?.start ?? 0 }}>
          {items.map((item) => {
            const row = rows[item.index]
            if (row === undefined) return null
            return (
              <tr
                key={item.key}
                aria-rowindex={item.index + 2}
                className={joined(rowClass, "h-(--row) contain-content border-b border-line hover:bg-sunken")}
              >
                {columns.map((column) => (
                  <td
                    key={column.name}
                    className={joined(
                      "min-w-0 truncate",
                      column.from && hiding[column.from],
                      column.right && "text-right tabular-nums",
                    )}
                  >
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
      {rows.length === 0 && empty}
    </section>
  )
}

/**
 * Who has scrolled down reads there: what comes at the head must not push the row away from under the pointer. At the very
 * top the list shows what is new.
 */
function useKeepingPlace<Row>(
  scroller: RefObject<HTMLElement | null>,
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  rowHeightPx: number,
): void {
  const headKey = useRef<string | null>(null)
  const [head] = rows
  const key = head === undefined ? null : keyOf(head)
  useLayoutEffect(() => {
    const before = headKey.current
    headKey.current = key
    const element = scroller.current
    if (!element || before === null || before === key || element.scrollTop === 0) return
    const added = rows.findIndex((row) => keyOf(row) === before)
    if (added > 0) element.scrollTop += added * rowHeightPx
  }, [scroller, rows, keyOf, key, rowHeightPx])
}

// The tracks come as custom properties of the table, one for each width of screen: hidden columns must not keep theirs.
const rowClass =
  "grid min-h-9 items-center gap-x-4 px-4 text-sm grid-cols-(--all) max-lg:grid-cols-(--to-lg) max-md:grid-cols-(--to-md) max-sm:grid-cols-(--to-sm)"

function measures<Row>(
  columns: readonly Column<Row>[],
  rowHeightPx: number,
): CSSProperties & Record<`--${string}`, string> {
  const of = (...hidden: readonly Column<Row>["from"][]) =>
    columns
      .filter(({ from }) => from === undefined || !hidden.includes(from))
      .map(({ width }) => width)
      .join(" ")
  const row = `${rowHeightPx}px`
  return {
    "--row": row,
    "--all": of(),
    "--to-lg": of("lg"),
    "--to-md": of("lg", "md"),
    "--to-sm": of("lg", "md", "sm"),
  }
}

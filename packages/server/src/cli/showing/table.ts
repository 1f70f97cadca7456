import Table from "cli-table3"
import type { Terminal } from "../running/terminal.ts"
import { safeLine } from "./safe-text.ts"

export type Column<Row> = {
  readonly title: string
  /** Null is shown as a dash. */
  readonly cell: (row: Row) => string | number | null
  /** Colours a cell that was made safe to show. */
  readonly paint?: (shown: string, row: Row) => string
}

const noBorders = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
}

/** Rows under headings, without frames: `grep` and `awk` can work with it, though `--json` is made for programs. */
export function table<Row>(
  { coloured }: Pick<Terminal, "coloured">,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const drawn = new Table({
    head: columns.map(({ title }) => title.toUpperCase()),
    chars: noBorders,
    colAligns: columns.map(({ cell }) =>
      rows.length > 0 && rows.every((row) => typeof cell(row) === "number") ? "right" : "left",
    ),
    style: { head: coloured ? ["bold"] : [], border: [], "padding-left": 0, "padding-right": 0 },
  })
  for (const row of rows) {
    drawn.push(
      columns.map(({ cell, paint }) => {
        const value = cell(row)
        const shown = value === null || value === "" ? "-" : safeLine(String(value))
        return paint && coloured ? paint(shown, row) : shown
      }),
    )
  }
  return `${drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")}\n`
}

/** Names and values below each other. */
export function fields(pairs: readonly (readonly [name: string, value: string | number | null])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs
    .map(([name, value]) => `${`${name}:`.padEnd(width + 2)} ${value === null ? "-" : safeLine(String(value))}\n`)
    .join("")
}

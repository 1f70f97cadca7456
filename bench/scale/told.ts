import { machineLine } from "../figures/machine.ts"
import { markdownTable } from "../figures/markdown-table.ts"
import { rounded } from "../figures/rounded.ts"
import { targetLines } from "../figures/target-lines.ts"
import type { ScaleResult } from "./scale-run.ts"

/** What a benchmark of scale found, in Markdown that reads as well in a terminal. */
export function told({ at, what, figures, targets, machine, size }: ScaleResult): string {
  const trial = size < 1 ? ` A trial at ${size} of the size, not for the record.` : ""
  const rows = Object.entries(figures).map(([figure, value]) => [figure, rounded(value)])
  return [
    `${what}${trial}`,
    "",
    `${at.slice(0, 16).replace("T", " ")} UTC, ${machineLine(machine)}.`,
    "",
    markdownTable(["figure", "value"], rows),
    "",
    "```",
    ...targetLines(targets),
    "```",
    "",
  ].join("\n")
}

/** A table in Markdown, its columns padded so that it reads as well in a terminal. Numbers go to the right. */
export function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, at) => Math.max(3, head.length, ...rows.map((row) => (row[at] ?? "").length)))
  const right = heads.map((_, at) => at > 0)
  const pad = (text: string, at: number) => (right[at] ? text.padStart(widths[at] ?? 0) : text.padEnd(widths[at] ?? 0))
  const line = (cells: readonly string[]) => `| ${heads.map((_, at) => pad(cells[at] ?? "", at)).join(" | ")} |`
  const rule = widths.map((width, at) => (right[at] ? `${"-".repeat(width - 1)}:` : "-".repeat(width)))
  return [line(heads), `| ${rule.join(" | ")} |`, ...rows.map(line)].join("\n")
}

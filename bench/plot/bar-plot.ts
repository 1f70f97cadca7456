import type { Spread } from "../figures/statistics.ts"
import { document, line, px, text } from "./svg.ts"
import { ticksUpTo } from "./ticks.ts"

export type Bar = { readonly label: string; readonly value: Spread; readonly shown: string; readonly as: string }
export type BarGroup = { readonly title: string; readonly bars: readonly Bar[] }

const [width, left, right, barHeight, rowHeight, groupGap, top] = [760, 170, 90, 18, 27, 34, 62]

/** Bars to the right, a group under the other, each with its spread over the rounds. */
export function barPlot(title: string, note: string, groups: readonly BarGroup[]): string {
  const bars = groups.flatMap((group) => group.bars)
  const ticks = ticksUpTo(Math.max(0, ...bars.map(({ value }) => value.max)), 5)
  const last = ticks.at(-1) ?? 1
  const at = (value: number) => left + (value / last) * (width - left - right)
  const drawn: string[] = [text(20, 28, title, { as: "title" }), text(20, 47, note, { as: "faint" })]
  let y = top
  const rows: string[] = []
  for (const group of groups) {
    rows.push(text(20, y + 16, group.title, { as: "faint" }))
    y += groupGap - 8
    for (const { label, value, shown, as } of group.bars) {
      const middle = y + barHeight / 2
      rows.push(text(left - 8, middle + 4.5, label, { anchor: "end" }))
      rows.push(
        `<rect x="${left}" y="${px(y)}" width="${px(at(value.median) - left)}" height="${barHeight}" class="bar ${as}"/>`,
      )
      if (value.max > value.min) rows.push(line(at(value.min), middle, at(value.max), middle, "whisker"))
      rows.push(text(at(Math.max(value.max, value.median)) + 7, middle + 4.5, shown))
      y += rowHeight
    }
    y += groupGap / 2
  }
  const bottom = y
  for (const tick of ticks) {
    drawn.push(line(at(tick), top + 8, at(tick), bottom, "grid"))
    drawn.push(text(at(tick), bottom + 17, String(tick), { anchor: "middle", as: "faint" }))
  }
  const said = groups.map(
    ({ title: of, bars: some }) => `${of}: ${some.map(({ label, shown }) => `${label} ${shown}`).join(", ")}`,
  )
  return document(width, bottom + 30, `${title}. ${said.join("; ")}.`, [...drawn, ...rows])
}

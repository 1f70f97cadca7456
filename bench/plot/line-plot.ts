import { seriesClasses } from "./colours.ts"
import { document, line, px, text } from "./svg.ts"
import { ticksUpTo } from "./ticks.ts"

export type Series = { readonly label: string; readonly points: readonly (readonly [x: number, y: number])[] }
export type LinePlot = {
  readonly title: string
  readonly note: string
  readonly xLabel: string
  readonly yLabel: string
  readonly series: readonly Series[]
  /** A level not to be passed, with what it is. */
  readonly bound?: { readonly y: number; readonly label: string }
}

const [width, height, left, right, top, bottom] = [760, 340, 74, 24, 86, 48]

/** Curves over a common axis, both axes beginning at 0. */
export function linePlot({ title, note, xLabel, yLabel, series, bound }: LinePlot): string {
  const points = series.flatMap((each) => each.points).filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
  const xTicks = ticksUpTo(Math.max(0, ...points.map(([x]) => x)), 7)
  const yTicks = ticksUpTo(Math.max(bound?.y ?? 0, ...points.map(([, y]) => y)), 5)
  const [xLast, yLast] = [xTicks.at(-1) ?? 1, yTicks.at(-1) ?? 1]
  const atX = (x: number) => left + (x / xLast) * (width - left - right)
  const atY = (y: number) => height - bottom - (y / yLast) * (height - top - bottom)
  const drawn = [
    text(20, 28, title, { as: "title" }),
    text(20, 47, note, { as: "faint" }),
    text(20, top - 8, yLabel, { as: "faint" }),
    text(width - right, height - 10, xLabel, { anchor: "end", as: "faint" }),
    ...yTicks.flatMap((tick) => [
      line(left, atY(tick), width - right, atY(tick), "grid"),
      text(left - 8, atY(tick) + 4, tick.toLocaleString("en-GB"), { anchor: "end", as: "faint" }),
    ]),
    ...xTicks.map((tick) =>
      text(atX(tick), height - bottom + 18, tick.toLocaleString("en-GB"), { anchor: "middle", as: "faint" }),
    ),
    line(left, height - bottom, width - right, height - bottom, "axis"),
  ]
  if (bound) {
    drawn.push(line(left, atY(bound.y), width - right, atY(bound.y), "bound"))
    drawn.push(text(width - right, atY(bound.y) - 6, bound.label, { anchor: "end", as: "faint" }))
  }
  let labelX = left
  series.forEach(({ label, points: own }, index) => {
    const as = seriesClasses[index % seriesClasses.length] ?? "s0"
    const finite = own.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
    drawn.push(
      `<polyline class="line ${as}" points="${finite.map(([x, y]) => `${px(atX(x))},${px(atY(y))}`).join(" ")}"/>`,
    )
    if (finite.length <= 30) {
      for (const [x, y] of finite) drawn.push(`<circle class="dot ${as}" cx="${px(atX(x))}" cy="${px(atY(y))}" r="3"/>`)
    }
    drawn.push(`<rect class="bar ${as}" x="${px(labelX)}" y="56" width="12" height="12"/>`)
    drawn.push(text(labelX + 17, 66, label))
    labelX += 40 + label.length * 7
  })
  return document(
    width,
    height,
    `${title}. ${yLabel} over ${xLabel}: ${series.map(({ label }) => label).join(", ")}.`,
    drawn,
  )
}

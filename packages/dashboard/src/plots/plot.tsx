import "uplot/dist/uPlot.min.css"
import { useEffect, useRef, useState } from "react"
import UPlot from "uplot"
import { useTheme } from "../layout/theme.ts"
import { count, milliseconds } from "../parts/figures.ts"
import { type Colours, presentColours } from "./colours.ts"

export type PlotLine = {
  readonly name: string
  readonly colour: keyof Colours
  readonly values: readonly (number | null)[]
  /** Bars are stacked, the first at the bottom; points stand apart. */
  readonly as: "line" | "bars" | "points"
}

export type Unit = "count" | "ms"

const heightPx = 200

/**
 * Figures over time; what the reader points at is told in the legend.
 *
 * @param times Unix seconds, rising; with bars, where each slice begins.
 * @param says the same in a sentence, for who cannot see it.
 */
export default function Plot({
  times,
  lines,
  unit,
  says,
}: {
  times: readonly number[]
  lines: readonly PlotLine[]
  unit: Unit
  says: string
}) {
  const holder = useRef<HTMLDivElement>(null)
  const drawn = useRef<UPlot | null>(null)
  const [at, setAt] = useState<number | null>(null)
  const { resolved } = useTheme()
  const shape = `${resolved} ${unit} ${lines.map(({ name, colour, as }) => `${name}:${colour}:${as}`).join()}`
  const latest = useRef({ times, lines, unit, shape })
  latest.current = { times, lines, unit, shape }

  // A new drawing for another shape or theme; new figures only fill it.
  useEffect(() => {
    const element = holder.current
    if (!element || latest.current.shape !== shape) return
    const plot = new UPlot(options(latest.current, element.clientWidth, setAt), dataOf(latest.current), element)
    drawn.current = plot
    const resizing = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: heightPx }))
    resizing.observe(element)
    return () => {
      resizing.disconnect()
      plot.destroy()
      drawn.current = null
    }
  }, [shape])
  useEffect(() => drawn.current?.setData(dataOf({ times, lines })), [times, lines])

  const time = at === null ? undefined : times[at]
  return (
    <figure>
      {/* Of one height, whatever it tells: pointing at the plot must not move it. */}
      <div className="mb-2 flex h-[18px] gap-x-4 overflow-hidden text-xs whitespace-nowrap text-muted">
        {lines.map(({ name, colour, values }) => {
          const value = at === null ? null : values[at]
          return (
            <span key={name} className="inline-flex items-center gap-1.5">
              <span aria-hidden="true" className={`size-2 rounded-sm ${dots[colour]}`} />
              {name}
              {value != null && <span className="font-medium text-ink tabular-nums">{written(value, unit)}</span>}
            </span>
          )
        })}
        {time !== undefined && <span className="ml-auto tabular-nums">{clock(time, stepOf(times))}</span>}
      </div>
      <div ref={holder} role="img" aria-label={says} className="h-[200px] min-w-0 overflow-hidden" />
    </figure>
  )
}

const dots: Readonly<Record<keyof Colours, string>> = {
  accent: "bg-plot-accent",
  good: "bg-plot-good",
  bad: "bg-plot-bad",
  warn: "bg-plot-warn",
  info: "bg-plot-info",
  line: "bg-line",
  muted: "bg-muted",
  surface: "bg-surface",
}

type Drawn = { times: readonly number[]; lines: readonly PlotLine[]; unit: Unit }

/** Bars first and the topmost of them foremost: each is drawn from the ground up, and the next one over it. */
function inDrawingOrder(lines: readonly PlotLine[]): readonly PlotLine[] {
  const bars = lines.filter(({ as }) => as === "bars")
  let below: readonly (number | null)[] | null = null
  const stacked = bars.map((line) => {
    const under: readonly (number | null)[] | null = below
    const values = line.values.map((value, index) => (value ?? 0) + (under?.[index] ?? 0))
    below = values
    return { ...line, values }
  })
  return [...stacked.toReversed(), ...lines.filter(({ as }) => as !== "bars")]
}

function dataOf({ times, lines }: Pick<Drawn, "times" | "lines">): UPlot.AlignedData {
  return [[...times], ...inDrawingOrder(lines).map(({ values }) => [...values])]
}

function stepOf(times: readonly number[]): number {
  return times.length < 2 ? 60 : ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1)
}

function options({ times, lines, unit }: Drawn, width: number, tell: (at: number | null) => void): UPlot.Options {
  const colours = presentColours()
  const axis = {
    stroke: colours.muted,
    ticks: { show: false },
    font: '11px "Inter", system-ui, sans-serif',
  }
  const hasBars = lines.some(({ as }) => as === "bars")
  return {
    width,
    height: heightPx,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: {
      // A bar reaches from where its slice begins to where the next one does.
      x: { range: (_plot, min, max) => [min, hasBars ? max + stepOf(times) : max] },
      y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] },
    },
    // At the right half a time's text: the last one is written around where the plot may end.
    padding: [8, 24, 0, 0],
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 72,
        values: (_plot, seconds, _at, _space, stepSeconds) => seconds.map((each) => clock(each, stepSeconds)),
      },
      {
        ...axis,
        grid: { stroke: colours.line, width: 1 },
        size: 52,
        gap: 6,
        values: (_plot, values) => values.map((value) => (unit === "ms" ? milliseconds(value) : compact.format(value))),
      },
    ],
    series: [{}, ...inDrawingOrder(lines).map((line) => ({ label: line.name, ...look(line, colours) }))],
    hooks: { setCursor: [({ cursor }) => tell(cursor.idx ?? null)] },
  }
}

// Its type has it that a build may lack it; this one does not.
const bars = UPlot.paths.bars?.({ size: [0.72, 16], align: 1, radius: 0.12 })

function look({ as, colour }: PlotLine, colours: Colours): UPlot.Series {
  const stroke = colours[colour]
  switch (as) {
    case "bars":
      return {
        stroke,
        fill: stroke,
        width: 0,
        points: { show: false },
        ...(bars && { paths: bars }),
      }
    case "points":
      return { stroke, paths: () => null, points: { show: true, size: 5, fill: stroke, width: 0 } }
    case "line":
      return { stroke, width: 1.5, spanGaps: true, points: { show: isAlone, size: 5, fill: stroke, width: 0 } }
  }
}

/** Of a single value no line can be drawn: it is a point. */
function isAlone(plot: UPlot, line: number): boolean {
  return Array.from(plot.data[line] ?? []).filter((value) => value != null).length === 1
}

const minutes = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" })
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" })
const days = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" })

/** As the reader's clock shows it. */
function clock(atSeconds: number, stepSeconds: number): string {
  return (stepSeconds < 60 ? seconds : stepSeconds < 86_400 ? minutes : days).format(atSeconds * 1000)
}

const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 })

function written(value: number, unit: Unit): string {
  return unit === "ms" ? milliseconds(value) : count(value)
}

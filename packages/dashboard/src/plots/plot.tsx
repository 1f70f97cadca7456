import "uplot/dist/uPlot.min.css"
import { useEffect, useRef } from "react"
import UPlot from "uplot"
import { useTheme } from "../layout/theme.ts"
import { type Colours, presentColours } from "./colours.ts"

export type PlotLine = {
  readonly name: string
  readonly colour: keyof Colours
  readonly values: readonly (number | null)[]
  readonly filled?: boolean
}

const heightPx = 200

/**
 * Figures over time.
 *
 * @param times Unix seconds, rising.
 * @param points draws each value apart, in place of lines.
 * @param says the same in a sentence, for who cannot see it.
 */
export default function Plot({
  times,
  lines,
  unit,
  points = false,
  says,
}: {
  times: readonly number[]
  lines: readonly PlotLine[]
  unit: string
  points?: boolean
  says: string
}) {
  const holder = useRef<HTMLDivElement>(null)
  const drawn = useRef<UPlot | null>(null)
  const { resolved } = useTheme()
  const shape = `${resolved} ${unit} ${points} ${lines.map(({ name, colour }) => `${name}:${colour}`).join()}`
  const latest = useRef({ times, lines, unit, points, shape })
  latest.current = { times, lines, unit, points, shape }

  // A new drawing for another shape or theme; new figures only fill it.
  useEffect(() => {
    const element = holder.current
    if (!element || latest.current.shape !== shape) return
    const plot = new UPlot(options(latest.current, element.clientWidth), dataOf(latest.current), element)
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

  return (
    <figure>
      <div className="mb-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
        {lines.map(({ name, colour }) => (
          <span key={name} className="inline-flex items-center gap-1.5">
            <span aria-hidden="true" className={`size-2 rounded-full ${dots[colour]}`} />
            {name}
          </span>
        ))}
      </div>
      <div ref={holder} role="img" aria-label={says} className="h-[200px] min-w-0 overflow-hidden" />
    </figure>
  )
}

const dots: Readonly<Record<keyof Colours, string>> = {
  accent: "bg-accent",
  good: "bg-good",
  bad: "bg-bad",
  warn: "bg-warn",
  info: "bg-info",
  line: "bg-line",
  muted: "bg-muted",
  surface: "bg-surface",
}

type Drawn = { times: readonly number[]; lines: readonly PlotLine[]; unit: string; points: boolean }

function dataOf({ times, lines }: Pick<Drawn, "times" | "lines">): UPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])]
}

function options({ lines, unit, points }: Drawn, width: number): UPlot.Options {
  const colours = presentColours()
  const axis = {
    stroke: colours.muted,
    grid: { stroke: colours.line, width: 1 },
    ticks: { stroke: colours.line, width: 1, size: 4 },
    font: "11px system-ui, sans-serif",
  }
  return {
    width,
    height: heightPx,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    padding: [8, 20, 0, 0],
    axes: [
      {
        ...axis,
        size: 28,
        space: 72,
        values: (_plot, seconds, _at, _space, stepSeconds) => seconds.map((each) => clock(each, stepSeconds)),
      },
      { ...axis, size: 52, values: (_plot, values) => values.map((value) => `${compact.format(value)}${unit}`) },
    ],
    series: [
      {},
      ...lines.map(({ name, colour, filled = false }) => ({
        label: name,
        stroke: colours[colour],
        width: 1.5,
        spanGaps: !points,
        ...(points
          ? { paths: () => null, points: { show: true, size: 5, fill: colours[colour], width: 0 } }
          : { points: { show: false } }),
        ...(filled && { fill: faint(colours[colour]) }),
      })),
    ],
  }
}

const minutes = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" })
const seconds = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" })

/** As the reader's clock shows it. */
function clock(atSeconds: number, stepSeconds: number): string {
  return (stepSeconds < 60 ? seconds : minutes).format(atSeconds * 1000)
}

const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 })

function faint(colour: string): string {
  return colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)")
}

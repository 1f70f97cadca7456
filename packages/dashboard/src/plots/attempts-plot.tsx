import { useMemo } from "react"
import { LazyPlot } from "./lazy-plot.tsx"
import type { PlotLine } from "./plot.tsx"

/** How many attempts succeeded and failed in each slice of time. @param besides what is counted along with them. */
export function AttemptsPlot({
  series,
  besides,
  says,
}: {
  series: readonly { readonly at: string; readonly delivered: number; readonly failed: number }[]
  besides?: PlotLine
  says: string
}) {
  const times = useMemo(() => series.map(({ at }) => Date.parse(at) / 1000), [series])
  const lines = useMemo(
    (): readonly PlotLine[] => [
      { name: "Delivered", colour: "good", as: "bars", values: series.map(({ delivered }) => delivered) },
      { name: "Failed", colour: "bad", as: "bars", values: series.map(({ failed }) => failed) },
      ...(besides ? [besides] : []),
    ],
    [series, besides],
  )
  return <LazyPlot times={times} lines={lines} unit="count" says={says} />
}

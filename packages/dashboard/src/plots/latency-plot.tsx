import type { LatencyPercentiles } from "@tocsin/client"
import { useMemo } from "react"
import { milliseconds } from "../parts/figures.ts"
import { LazyPlot } from "./lazy-plot.tsx"

/** Percentiles over time; a slice without attempts has none. */
export function LatencyPlot({
  series,
  whole,
}: {
  series: readonly { readonly at: string; readonly latency_ms: LatencyPercentiles | null }[]
  /** Of all the slices together. */
  whole: LatencyPercentiles | null
}) {
  const times = useMemo(() => series.map(({ at }) => Date.parse(at) / 1000), [series])
  const lines = useMemo(() => {
    const line = (name: "p50" | "p95" | "p99", colour: "good" | "info" | "warn") => ({
      name,
      colour,
      as: "line" as const,
      values: series.map(({ latency_ms }) => latency_ms?.[name] ?? null),
    })
    return [line("p50", "good"), line("p95", "info"), line("p99", "warn")]
  }, [series])
  const says =
    whole === null
      ? "No attempt got a response in this time."
      : `Half of the attempts took at most ${milliseconds(whole.p50)}, 95 of 100 at most ${milliseconds(whole.p95)}, 99 of 100 at most ${milliseconds(whole.p99)}.`
  return <LazyPlot times={times} lines={lines} unit="ms" says={says} />
}

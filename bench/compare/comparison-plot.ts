import { type BarGroup, barPlot } from "../plot/bar-plot.ts"
import { type Comparison, type Summary, summaries } from "./comparison.ts"

const loads = [
  { load: "single", title: "one event a request" },
  { load: "batch", title: "batches of 50 events" },
] as const
const contenders = [
  { label: "Tocsin, embedded", name: "tocsin/embedded/http/none", as: "s0" },
  { label: "Tocsin, PostgreSQL", name: "tocsin/postgres/http/none", as: "s0" },
  { label: "no engine, SQLite", name: "bare/embedded", as: "s1" },
  { label: "no engine, PostgreSQL", name: "bare/postgres", as: "s1" },
  { label: "graphile-worker", name: "graphile-worker", as: "s4" },
  { label: "BullMQ + Redis", name: "bullmq", as: "s4" },
  { label: "pg-boss", name: "pg-boss", as: "s4" },
] as const

/** The plot of the README: shares of the limit over HTTP without an order, with what peers reach. */
export function comparisonPlot(comparison: Comparison): string {
  const found = summaries(comparison)
  const groups = loads.map(({ load, title }): BarGroup => {
    const bars = contenders.flatMap(({ label, name, as }) => {
      const summary: Summary | undefined = found.find((each) => each.name === `${name}/${load}`)
      return summary ? [{ label, as, value: summary.ofLimit, shown: summary.ofLimit.median.toFixed(2) }] : []
    })
    return { title, bars }
  })
  const { rounds, machine, at } = comparison
  const note = `1 = a bare loop that signs and posts. Medians of ${rounds.length} rounds, lines from lowest to highest; ${machine.cores} cores, ${at.slice(0, 10)}`
  return barPlot("Durably recorded deliveries, as a share of the limit", note, groups)
}

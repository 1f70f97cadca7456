import { machineLine } from "../figures/machine.ts"
import { markdownTable } from "../figures/markdown-table.ts"
import { rounded } from "../figures/rounded.ts"
import { spread } from "../figures/statistics.ts"
import { targetLines } from "../figures/target-lines.ts"
import { type Comparison, summaries } from "./comparison.ts"
import { targetsOf } from "./targets.ts"

/** The whole report, in Markdown that reads as well in a terminal. */
export function report(comparison: Comparison): string {
  const { at, quick, lessBecause = [], machine, versions, rounds, latencies, webhooks, secondsEach } = comparison
  const because = lessBecause.length > 0 ? ` (${lessBecause.join(", ")})` : ""
  const kind = quick ? `Not for the record, less than a full run${because}.` : "A full run."
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const targets = targetsOf(comparison)
  return [
    `# Deliveries compared with the limit, ${at.slice(0, 16).replace("T", " ")} UTC`,
    "",
    `${kind} ${rounds.length} interleaved rounds, about ${secondsEach} s a contender each, ${webhooks} webhooks in turn.`,
    `${machineLine(machine)}.${used.length > 0 ? ` ${used.join(", ")}.` : ""}`,
    "",
    limitsTable(comparison),
    "",
    ratiosTable(comparison),
    "",
    ...(latencies.length > 0 ? [latencyTable(comparison), ""] : []),
    ...(targets.length > 0 ? ["```", ...targetLines(targets), "```", ""] : []),
  ].join("\n")
}

function limitsTable({ rounds }: Comparison): string {
  const schemes = [...new Set(rounds.flatMap(({ limits }) => Object.keys(limits)))]
  const rows = schemes.map((scheme) => {
    const { median, min, max } = spread(rounds.flatMap(({ limits }) => limits[scheme] ?? []))
    return [`limit, ${scheme}`, rounded(median), rounded(min), rounded(max)]
  })
  return markdownTable(["posts a second", "median", "min", "max"], rows)
}

function ratiosTable(comparison: Comparison): string {
  const heads = ["of the limit", "median", "min", "max", "per second", "CPU µs", "+ database", "peak MiB", "+ database"]
  const rows = summaries(comparison).map((each) => {
    const { ofLimit, rate, cpuUs, databaseCpuUs, peakMiB, databaseMiB } = each
    const beside = (figure: number) => (databaseMiB === 0 ? "–" : rounded(figure))
    const ratios = [ofLimit.median, ofLimit.min, ofLimit.max].map((ratio) => ratio.toFixed(3))
    return [
      each.name,
      ...ratios,
      rounded(rate),
      rounded(cpuUs),
      beside(databaseCpuUs),
      rounded(peakMiB),
      beside(databaseMiB),
    ]
  })
  return markdownTable(heads, rows)
}

function latencyTable({ latencies }: Comparison): string {
  const heads = [
    "accept to arrival, ms",
    "events/s",
    "p50",
    "p99",
    "max",
    "202 p50",
    "202 p99",
    "withheld",
    "refused",
    "arrived",
  ]
  const rows = latencies.map((each) => [
    each.name,
    rounded(each.eventsPerSecond),
    ...[each.p50Ms, each.p99Ms, each.maxMs, each.acceptP50Ms, each.acceptP99Ms].map((ms) =>
      rounded(ms ?? Number.POSITIVE_INFINITY),
    ),
    ...[each.withheld, each.refused].map((events) => rounded(events ?? Number.NaN)),
    `${each.arrived}/${each.accepted}`,
  ])
  return markdownTable(heads, rows)
}

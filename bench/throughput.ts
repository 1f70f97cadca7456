/** `npm run bench`: how close Tocsin, and what one would pick instead, come to the limit. `--help` explains. */
import { readdirSync } from "node:fs"
import { compare } from "./compare/compare.ts"
import { type Comparison, readComparison } from "./compare/comparison.ts"
import { comparisonPlot } from "./compare/comparison-plot.ts"
import { type CompareOptions, compareOptions, help } from "./compare/options.ts"
import { report } from "./compare/report.ts"
import { progress } from "./figures/progress.ts"
import { figuresDocument, recordPlot, recordSection } from "./figures/recorded.ts"
import { resultName, resultsFolder, writeResult } from "./figures/result-files.ts"

function keep(comparison: Comparison, options: CompareOptions): void {
  const what = options.quick ? "quick" : comparison.quick ? "partial" : "full"
  const name = resultName(new Date(comparison.at), what)
  const path = writeResult(name, "json", `${JSON.stringify(comparison, null, 2)}\n`)
  writeResult(name, "md", report(comparison))
  if (comparison.quick) writeResult(name, "svg", comparisonPlot(comparison))
  else record(comparison)
  process.stderr.write(`written: ${path}\n`)
  const { lessBecause = [] } = comparison
  if (comparison.quick) {
    process.stderr.write(`not recorded in ${figuresDocument}: less than a full run, by ${lessBecause.join(", ")}\n`)
  }
}

/** The plot of the README, and the report in the documents. */
function record(comparison: Comparison): void {
  const plot = recordPlot("throughput", comparisonPlot(comparison))
  const image = (path: string) =>
    `![Deliveries as a share of the limit: Tocsin, BullMQ, pg-boss, graphile-worker](${path})`
  recordSection("README.md", "throughput", image(plot))
  const [, ...lines] = report(comparison).split("\n")
  recordSection(figuresDocument, "throughput", `${image("benchmarks/throughput.svg")}\n${lines.join("\n")}`)
  process.stderr.write(`recorded: ${plot}, README.md, ${figuresDocument}\n`)
}

function recordAgain(given: string): void {
  const names = readdirSync(resultsFolder).filter((name) => name.endsWith("-full.json"))
  const newest = names.sort().at(-1)
  const path = given === "" ? newest && `${resultsFolder}${newest}` : given
  if (!path) throw new Error("bench/results has no full run yet: npm run bench makes one, or name a result")
  const comparison = readComparison(path)
  if (comparison.quick) throw new Error(`${path} is not of a full run, and only those are recorded in the documents`)
  record(comparison)
}

try {
  const options = compareOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(help)
  else if (options.plot !== null) recordAgain(options.plot)
  else {
    const shown = progress()
    const comparison = await compare(options, shown.say).finally(shown.end)
    process.stdout.write(options.json ? `${JSON.stringify(comparison, null, 2)}\n` : report(comparison))
    keep(comparison, options)
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

/** `npm run bench`: how close Tocsin, and what one would pick instead, come to the limit. `--help` explains. */
import { readdirSync, writeFileSync } from "node:fs"
import { compare } from "./compare/compare.ts"
import { type Comparison, readComparison } from "./compare/comparison.ts"
import { comparisonPlot } from "./compare/comparison-plot.ts"
import { type CompareOptions, compareOptions, help } from "./compare/options.ts"
import { report } from "./compare/report.ts"
import { progress } from "./figures/progress.ts"
import { docsFolder, resultName, resultsFolder, writeResult } from "./figures/result-files.ts"

const plotFile = `${docsFolder}benchmarks/throughput.svg`

function keep(comparison: Comparison, options: CompareOptions): void {
  const what = options.quick ? "quick" : comparison.quick ? "partial" : "full"
  const name = resultName(new Date(comparison.at), what)
  const path = writeResult(name, "json", `${JSON.stringify(comparison, null, 2)}\n`)
  writeResult(name, "md", report(comparison))
  const plot = comparisonPlot(comparison)
  if (comparison.quick) writeResult(name, "svg", plot)
  else writeFileSync(plotFile, plot)
  process.stderr.write(`written: ${path}, .md, ${comparison.quick ? ".svg" : plotFile}\n`)
}

function drawAnew(given: string): void {
  const newest = readdirSync(resultsFolder)
    .filter((name) => name.endsWith("-full.json"))
    .sort()
    .at(-1)
  const path = given === "" ? newest && `${resultsFolder}${newest}` : given
  if (!path) throw new Error("bench/results has no full run yet: npm run bench makes one, or name a result")
  writeFileSync(plotFile, comparisonPlot(readComparison(path)))
  process.stdout.write(`${plotFile} from ${path}\n`)
}

try {
  const options = compareOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(help)
  else if (options.plot !== null) drawAnew(options.plot)
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

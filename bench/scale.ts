/** `npm run bench:scale -- NAME`: what becomes of Tocsin at sizes that nobody begins with. `--help` explains. */
import { thisMachine } from "./figures/machine.ts"
import { progress } from "./figures/progress.ts"
import { figuresDocument, recordPlot, recordSection } from "./figures/recorded.ts"
import { resultName, writeResult } from "./figures/result-files.ts"
import { linePlot } from "./plot/line-plot.ts"
import { backlog } from "./scale/backlog.ts"
import { dead } from "./scale/dead.ts"
import { fanout } from "./scale/fanout.ts"
import { history } from "./scale/history.ts"
import { help, type ScaleName, scaleOptions } from "./scale/options.ts"
import { overload } from "./scale/overload.ts"
import { routing } from "./scale/routing.ts"
import type { ScaleBenchmark, ScaleResult } from "./scale/scale-run.ts"
import { told } from "./scale/told.ts"

const benchmarks: Readonly<Record<ScaleName, ScaleBenchmark>> = { backlog, dead, fanout, routing, history, overload }

async function play(name: ScaleName, size: number): Promise<ScaleResult> {
  const machine = thisMachine()
  const shown = progress()
  const findings = await benchmarks[name]({ size, say: (line) => shown.say(`${name}: ${line}`) }).finally(shown.end)
  return { ...findings, at: new Date().toISOString(), name, size, machine }
}

function keep(result: ScaleResult): void {
  const trial = result.size < 1
  const name = resultName(new Date(result.at), `scale-${result.name}${trial ? "-partial" : ""}`)
  const path = writeResult(name, "json", `${JSON.stringify(result, null, 2)}\n`)
  writeResult(name, "md", `# ${result.name}\n\n${told(result)}`)
  if (trial) for (const curve of result.curves) writeResult(`${name}.${curve.name}`, "svg", linePlot(curve))
  else record(result)
  process.stderr.write(`written: ${path}\n`)
}

function record(result: ScaleResult): void {
  const images = result.curves.map((curve) => {
    recordPlot(curve.name, linePlot(curve))
    return `![${curve.title}](benchmarks/${curve.name}.svg)`
  })
  recordSection(figuresDocument, result.name, [told(result), ...images].join("\n"))
}

try {
  const options = scaleOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(help)
  const results: ScaleResult[] = []
  for (const name of options.help ? [] : options.names) {
    const result = await play(name, options.size)
    results.push(result)
    if (!options.json) process.stdout.write(`# ${name}\n\n${told(result)}\n`)
    keep(result)
  }
  if (options.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

import { Command } from "commander"
import { onStopSignals } from "../../system/stop-signals.ts"
import { showDashboard } from "./dashboard.ts"
import { printable, summary, timelines } from "./printing.ts"
import { type Report, tellStory } from "./story.ts"

/** Longer than the story takes on a slow machine; shorter than anyone's patience. */
const patienceMs = 120_000

const program = new Command("demo")
  .description(
    "The whole story in under a minute, on this machine alone: a real server on a temporary directory, a receiver that verifies with the documents' own code, two profiles, filters, a receiver that fails and recovers, and one kept in order.",
  )
  .option("--json", "print one JSON object in place of the progress and the tables")
  .option("--dashboard", "open a dashboard full of webhooks, deliveries and live traffic instead, until Ctrl-C")
  .addHelpText("after", "\nExit codes: 0 all was as it must be, 1 something was not, 130 or 143 interrupted.")
  .parse()

const options = program.opts<{ json?: boolean; dashboard?: boolean }>()
const json = options.json === true
const stopping = new AbortController()
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
let interruptedBy: keyof typeof exitCodes | null = null
// Stays listening: with no listener left, what restores the terminal's cursor would end the process at once.
onStopSignals(["SIGINT", "SIGTERM", "SIGHUP"], {
  first: (signal) => {
    interruptedBy = signal
    stopping.abort(new Error(`interrupted by ${signal}`))
  },
  // However the tidying up is getting on.
  again: (signal) => process.exit(exitCodes[signal]),
})

try {
  if (options.dashboard === true) {
    await showDashboard(stopping.signal)
    process.exit(0)
  }
  const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(patienceMs)])
  const report = await tellStory({ signal, show: json ? "nothing" : process.stdout.isTTY ? "progress" : "lines" })
  process.stdout.write(json ? `${JSON.stringify(printable(report), null, 2)}\n` : told(report))
  process.exitCode = report.failures.length === 0 ? 0 : 1
} catch (error) {
  // Whatever was under way only says that it was aborted.
  const cause = stopping.signal.aborted ? stopping.signal.reason : error
  const because = cause instanceof Error ? cause.message : String(cause)
  process.stderr.write(`demo: ${because}\n`)
  process.exitCode = interruptedBy === null ? 1 : exitCodes[interruptedBy]
}

function told(report: Report): string {
  const coloured = process.stdout.isTTY === true && process.env.NO_COLOR === undefined
  const verdict =
    report.failures.length === 0
      ? `All as it must be, in ${report.seconds.toFixed(1)} s.`
      : `Not as it must be:\n${report.failures.map((failure) => `  - ${failure}`).join("\n")}`
  return `\n${timelines(report)}\n${summary(report, coloured)}\n\n${verdict}\n`
}

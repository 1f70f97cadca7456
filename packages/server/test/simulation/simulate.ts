/** `npm run simulate`: many seeds, or one again. `--help` explains. */
import { writeFileSync } from "node:fs"
import { Session } from "node:inspector/promises"
import { barText } from "../../src/cli/showing/bar.ts"
import { apply } from "./mutants/apply.ts"
import { type Caught, catchAll } from "./mutants/catching.ts"
import type { Mutant } from "./mutants/mutant.ts"
import type { SeedAnswer, SeedTask } from "./seed-worker.ts"
import { failureOf, isFailure, type Run, runSeeds, summed } from "./seeds.ts"
import { help, hoursFor, readOptions, type SimulateOptions, WrongOption } from "./simulate-options.ts"
import type { SimulationOutcome } from "./simulation.ts"

const exits = { held: 0, broken: 1, usage: 2, interrupted: 130 } as const
const stopping = new AbortController()
process.once("SIGINT", () => stopping.abort())

/** Redrawn in place for whoever watches; nothing for files and programs. */
function showBar(done: number, total: number, figures: (done: number, total: number) => string): void {
  if (process.stderr.isTTY)
    process.stderr.write(`\r\x1b[K${barText(done, total, process.stderr.columns ?? 80, figures)}`)
}

function endBar(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K")
}

function replayOf({ seed, hours, setting }: SeedTask, mutant: Mutant | null): string {
  const words = [`--seed ${seed}`, `--hours ${hours}`]
  if (setting !== null) words.push(`--setting ${setting}`)
  if (mutant !== null) words.push(`--mutant "${mutant.name}"`)
  return `npm run simulate -- ${words.join(" ")}`
}

function tellFailure(task: SeedTask, answer: SeedAnswer, mutant: Mutant | null): void {
  const out = [`\nseed ${task.seed}: ${failureOf(answer)}`]
  if ("outcome" in answer) {
    const { violation, steps, last, setting } = answer.outcome
    out.push(`broken: ${violation?.invariant ?? ""}, at step ${steps} (${setting})`, "the last happenings:")
    out.push(...last.slice(-20).map((line) => `  ${line}`))
  }
  out.push(`run it again: ${replayOf(task, mutant)} --trace`)
  process.stdout.write(`${out.join("\n")}\n`)
}

async function manySeeds(options: SimulateOptions): Promise<number> {
  const { seed: first, seeds, setting, json } = options
  const tasks = Array.from({ length: seeds }, (_, index) => ({
    seed: first + index,
    hours: options.hours ?? hoursFor(setting),
    setting,
  }))
  const outcomes: SimulationOutcome[] = []
  const failures: Run[] = []
  const startedMs = performance.now()
  let done = 0
  const keep = (run: Run) => {
    done++
    if ("outcome" in run.answer) outcomes.push(run.answer.outcome)
    if (isFailure(run.answer)) failures.push(run)
    if (!json) showBar(done, seeds, (now, all) => `${now} of ${all} seeds`)
    return failures.length >= 5
  }
  const [alone] = tasks
  const { mutant } = options
  if (seeds === 1 && alone) {
    const answer = await oneSeed(alone, options)
    if (answer !== null) keep({ ...alone, answer })
  } else {
    const workers = Math.min(options.workers, seeds)
    await runSeeds({ tasks, workers, onRun: keep, signal: stopping.signal, ...(mutant && { mutant }) })
  }
  endBar()
  const sum = { seeds: done, ...summed(outcomes), tookSeconds: (performance.now() - startedMs) / 1000 }
  if (json) {
    const shown = failures.map(({ answer, ...task }) => ({ ...task, replay: replayOf(task, mutant), ...answer }))
    const [only] = outcomes
    process.stdout.write(`${JSON.stringify({ ...sum, ...(seeds === 1 && { outcome: only }), failures: shown })}\n`)
  } else {
    for (const { answer, ...task } of failures) tellFailure(task, answer, mutant)
    process.stdout.write(`${summaryOf(sum, outcomes)}\n`)
  }
  if (failures.length > 0) return exits.broken
  return stopping.signal.aborted ? exits.interrupted : exits.held
}

function summaryOf(
  sum: ReturnType<typeof summed> & { readonly seeds: number; readonly tookSeconds: number },
  outcomes: readonly SimulationOutcome[],
): string {
  const counts = Object.entries(sum.counts).map(([name, count]) => `${count} ${name}`)
  const held = outcomes.filter(({ violation }) => violation === null).length
  return [
    `${held} of ${sum.seeds} seeds held, ${(sum.virtualMs / 3_600_000).toFixed(1)} hours in ${sum.tookSeconds.toFixed(1)} s`,
    `${sum.steps} steps, ${sum.checks} checks, ${counts.join(", ")}`,
    ...(outcomes.length === 1 ? [`fingerprint ${outcomes[0]?.fingerprint}`] : []),
  ].join("\n")
}

/** On this thread, so that it can be looked at while it runs. @returns null when it was interrupted. */
async function oneSeed(task: SeedTask, options: SimulateOptions): Promise<SeedAnswer | null> {
  const ensureApplied = options.mutant === null ? () => {} : apply(options.mutant)
  // Only now: a mutant is to be loaded in place of what it alters.
  const { simulate } = await import("./simulation.ts")
  ensureApplied()
  const line = (text: string) => process.stdout.write(`${text}\n`)
  const run = () =>
    simulate({
      ...task,
      signal: stopping.signal,
      ...(options.trace && !options.json && { onLine: line }),
      ...(!options.trace &&
        !options.json && { onProgress: (share) => showBar(share * 100, 100, () => "of its hours") }),
    })
  const outcome = options.profile ? await profiled(run, `simulate-${task.seed}.cpuprofile`) : await run()
  return stopping.signal.aborted && outcome.violation === null ? null : { outcome }
}

async function profiled<Result>(run: () => Promise<Result>, path: string): Promise<Result> {
  const session = new Session()
  session.connect()
  await session.post("Profiler.enable")
  await session.post("Profiler.start")
  const result = await run()
  const { profile } = await session.post("Profiler.stop")
  writeFileSync(path, JSON.stringify(profile))
  process.stderr.write(`profile: ${path} (open it in the browser's developer tools)\n`)
  return result
}

async function allMutants({ workers, json }: SimulateOptions): Promise<number> {
  const results = await catchAll(
    workers,
    (_caught, done, total) => {
      if (!json) showBar(done, total, (now, all) => `${now} of ${all} mutants`)
    },
    stopping.signal,
  )
  endBar()
  process.stdout.write(json ? `${JSON.stringify({ mutants: results })}\n` : `${tableOf(results)}\n`)
  if (results.some(({ seed }) => seed === null)) return exits.broken
  return stopping.signal.aborted ? exits.interrupted : exits.held
}

function tableOf(results: readonly Caught[]): string {
  const width = Math.max(...results.map(({ mutant }) => mutant.length))
  const rows = results.map(({ mutant, seed, seeds, because }) => {
    const found = seed === null ? "NOT CAUGHT" : `after ${seeds} ${seeds === 1 ? "seed" : "seeds"}`
    return `${mutant.padEnd(width)}  ${found.padEnd(16)}  ${(because ?? "").split(": ")[0]}`
  })
  const missed = results.filter(({ seed }) => seed === null).length
  return [...rows, "", `${results.length - missed} of ${results.length} deliberate faults were caught`].join("\n")
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(help)
  else process.exitCode = await (options.mutants ? allMutants(options) : manySeeds(options))
} catch (fault) {
  if (!(fault instanceof WrongOption)) throw fault
  process.stderr.write(`${fault.message}\nnpm run simulate -- --help lists what there is.\n`)
  process.exitCode = exits.usage
}

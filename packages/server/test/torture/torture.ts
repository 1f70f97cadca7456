import { parseArgs } from "node:util"
import Table from "cli-table3"
import type { PerOrdering } from "./allowance.ts"
import { campaign, faults, isWell, type Outcome, totals } from "./campaign.ts"
import { orderings } from "./furnishing.ts"
import { interrupted, undoAll } from "./leftovers.ts"

const help = `npm run torture [-- options]: does real harm to real servers under load, and compares what was
acknowledged with what arrived. It listens and sends on loopback alone, and takes its data away again.

  --minutes <m>   how long in all, about (default 3, at most 120); what has to start and to be caught up comes on top
  --only <names>  some of the faults, with commas: ${faults.map(({ name }) => name).join(", ")}
  --seed <n>      for the same faults at the same moments, as far as the machine allows
  --json          figures for programs
  --help          this

Exit code 0: nothing was lost, nothing out of order, nothing sent again that need not be, all delivered. 1: otherwise.
2: a wrong option. 130: it was interrupted, and has taken everything away.
Full and read-only disks need root, for a small disk in memory; without it they are left out, and said to be.
`

const interruptedCode = 130

async function main(): Promise<number> {
  const options = read()
  if (options === null) return 2
  if (options.help) {
    process.stdout.write(help)
    return 0
  }
  const { chosen, minutes, seed, json } = options
  const say = (text: string) => process.stderr.write(text)
  const forMs = (minutes * 60_000) / chosen.length
  say(`seed ${seed}: ${chosen.length} faults, ${Math.round(forMs / 1_000)} s each\n`)
  const outcomes = await campaign(chosen, { forMs, seed, before: ({ title }) => say(`  ${title} …\n`) })
  if (interrupted.aborted) return interruptedCode
  const well = outcomes.every(isWell)
  process.stdout.write(
    json ? `${JSON.stringify({ seed, well, totals: totals(outcomes), outcomes }, null, 2)}\n` : shown(outcomes, well),
  )
  return well ? 0 : 1
}

function read() {
  try {
    const { values } = parseArgs({
      options: {
        minutes: { type: "string", default: "3" },
        only: { type: "string" },
        seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    })
    const names = values.only?.split(",").map((name) => name.trim())
    const unknown = names?.find((name) => !faults.some((fault) => fault.name === name))
    if (unknown !== undefined) throw new Error(`There is no fault ${unknown}.`)
    const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
    if (!(minutes > 0 && minutes <= 120)) throw new Error("--minutes takes a number up to 120.")
    if (!Number.isInteger(seed)) throw new Error("--seed takes a whole number.")
    const chosen = names === undefined ? faults : faults.filter(({ name }) => names.includes(name))
    return { chosen, minutes, seed, json: values.json, help: values.help }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${help}`)
    return null
  }
}

function shown(outcomes: readonly Outcome[], well: boolean): string {
  const table = new Table({
    head: ["fault", "s", "done", "acknowledged", "refused", "arrived", "lost", "again", "late", "out of order", ""],
    style: { head: [], border: [] },
  })
  for (const outcome of outcomes) {
    if (outcome.is !== "judged") {
      table.push([outcome.fault, "", { content: `${outcome.is}: ${outcome.because}`, colSpan: 9 }])
      continue
    }
    const { done, durationMs, verdict, allowed, wrongs } = outcome.report
    const { acknowledged, refused, arrived, lost, outOfOrder, acknowledgedOutOfOrder } = verdict
    table.push([
      outcome.fault,
      Math.round(durationMs / 1_000),
      Object.entries(done)
        .map(([what, count]) => `${count} ${what}`)
        .join(", "),
      acknowledged,
      Object.entries(refused)
        .map(([status, count]) => `${count}×${status === "0" ? "no answer" : status}`)
        .join(", "),
      arrived,
      lost,
      ofAllowed(verdict.repeats, allowed.repeats),
      ofAllowed(verdict.lateRepeats, allowed.lateRepeats),
      outOfOrder + acknowledgedOutOfOrder,
      wrongs.length === 0 ? "well" : wrongs.join("; "),
    ])
  }
  const { kills_survived, events_acknowledged, lost, repeated, repeated_late, out_of_order } = totals(outcomes)
  return `${table.toString()}
again: taken a second time, over strict + by_key + none, of as many as may. late: sent again after later ones of the lane.
kills survived ${kills_survived} · events acknowledged ${events_acknowledged} · lost ${lost} · again ${repeated}, late ${repeated_late} · out of order ${out_of_order}
${well ? "All is well." : "Not well."}
`
}

function ofAllowed(came: PerOrdering, may: PerOrdering): string {
  return orderings.map((ordering) => `${came[ordering]}/${may[ordering]}`).join(" + ")
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.on(signal, () => {
    void undoAll().finally(() => process.exit(interruptedCode))
  })
process.exitCode = await main()

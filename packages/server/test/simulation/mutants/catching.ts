import type { SeedTask } from "../seed-worker.ts"
import { failureOf, isFailure, runSeeds, shortHours, shortTasks } from "../seeds.ts"
import type { Mutant } from "./mutant.ts"
import { mutants } from "./mutants.ts"

export type Caught = {
  readonly mutant: string
  readonly file: string
  /** Null: it was not caught. */
  readonly seed: number | null
  /** How many seeds it took, or were tried. */
  readonly seeds: number
  readonly because: string | null
}

/** Within so many short seeds each mutant has to be caught. */
export const mutantSeedsMax = 500

function tasksFor({ setting, hours, seed: known }: Mutant): readonly SeedTask[] {
  const tasks = shortTasks(1, mutantSeedsMax).map((task) => {
    const where = setting ?? task.setting
    return { seed: task.seed, setting: where, hours: hours ?? shortHours[where ?? "memory"] }
  })
  return tasks.sort((a, b) => Number(b.seed === known) - Number(a.seed === known))
}

/** Tries each mutant on one seed after the other until it is caught. Several at a time; none that was interrupted. */
export async function catchAll(
  workers: number,
  onCaught: (caught: Caught, done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<readonly Caught[]> {
  const results: Caught[] = []
  const waiting = [...mutants]
  const workOff = async () => {
    for (let mutant = waiting.shift(); mutant && !signal?.aborted; mutant = waiting.shift()) {
      const caught = await tryOut(mutant, signal)
      if (caught.seed === null && signal?.aborted) return
      results.push(caught)
      onCaught(caught, results.length, mutants.length)
    }
  }
  await Promise.all(Array.from({ length: workers }, workOff))
  const order = new Map(mutants.map(({ name }, index) => [name, index]))
  return results.sort((a, b) => (order.get(a.mutant) ?? 0) - (order.get(b.mutant) ?? 0))
}

async function tryOut(mutant: Mutant, signal: AbortSignal | undefined): Promise<Caught> {
  let seeds = 0
  let found: { seed: number; because: string | null } | null = null
  await runSeeds({
    tasks: tasksFor(mutant),
    workers: 1,
    mutant,
    onRun({ seed, answer }) {
      seeds++
      if (isFailure(answer)) found = { seed, because: failureOf(answer) }
      return found !== null
    },
    ...(signal && { signal }),
  })
  const { seed, because } = found ?? { seed: null, because: null }
  return { mutant: mutant.name, file: mutant.file, seed, seeds, because }
}

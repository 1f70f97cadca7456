import { Worker } from "node:worker_threads"
import type { Mutant } from "./mutants/mutant.ts"
import type { Setting } from "./plan.ts"
import type { SeedAnswer, SeedTask, Unusable } from "./seed-worker.ts"
import type { SimulationOutcome } from "./simulation.ts"

export type Run = SeedTask & {
  /** What it came to, or why it came to nothing. */
  readonly answer: SeedAnswer
}

export type SeedsOptions = {
  readonly tasks: Iterable<SeedTask>
  readonly workers: number
  readonly mutant?: Mutant
  /** Told of each as it ends; true: enough, no more are begun. */
  readonly onRun: (run: Run) => boolean
  readonly signal?: AbortSignal
}

/** Whether an answer says that something did not hold. */
export function isFailure(answer: SeedAnswer): boolean {
  return "failed" in answer || answer.outcome.violation !== null
}

/** In a sentence. */
export function failureOf(answer: SeedAnswer): string | null {
  if ("failed" in answer) return answer.failed
  const { violation } = answer.outcome
  return violation && `${violation.invariant}: ${violation.what}`
}

/** Some twenty acts: what goes wrong, mostly does so soon. */
export const shortHours: Readonly<Record<Setting, number>> = { memory: 0.06, sqlite: 0.03, cluster: 0.04 }

/** Short runs of many seeds: mostly one process, and several now and then, which cost the most. */
export function shortTasks(from: number, count: number): readonly SeedTask[] {
  return Array.from({ length: count }, (_, index) => {
    const setting: Setting = index % 10 === 0 ? "sqlite" : index % 4 === 1 ? "cluster" : "memory"
    return { seed: from + index, hours: shortHours[setting], setting }
  })
}

/** Runs seeds on worker threads, several at a time. Each seed's run is its own: how many there are changes none. */
export async function runSeeds({ tasks, workers, mutant, onRun, signal }: SeedsOptions): Promise<void> {
  const waiting = tasks[Symbol.iterator]()
  let enough = false
  const workOff = async () => {
    const worker = new Worker(new URL("./seed-worker.ts", import.meta.url), { workerData: { mutant: mutant ?? null } })
    try {
      for (let next = waiting.next(); !next.done && !enough && !signal?.aborted; next = waiting.next()) {
        const answer = await ask(worker, next.value)
        if (onRun({ ...next.value, answer })) enough = true
        // Whatever threw there may have left anything behind.
        if ("failed" in answer) return
      }
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: workers }, workOff))
}

/** @throws Error when the worker could not load what it is to run */
function ask(worker: Worker, task: SeedTask): Promise<SeedAnswer> {
  return new Promise((resolve, reject) => {
    const done = (answer: SeedAnswer | Unusable) => {
      for (const name of ["message", "error", "exit"]) worker.removeAllListeners(name)
      if ("unusable" in answer) reject(new Error(answer.unusable))
      else resolve(answer)
    }
    worker.once("message", done)
    worker.once("error", (fault) => done({ failed: String(fault) }))
    worker.once("exit", () => done({ failed: "the worker thread ended" }))
    worker.postMessage(task)
  })
}

/** Sums of many outcomes. */
export function summed(
  outcomes: readonly SimulationOutcome[],
): Pick<SimulationOutcome, "steps" | "happenings" | "checks" | "virtualMs" | "counts"> {
  const sum = { steps: 0, happenings: 0, checks: 0, virtualMs: 0, counts: {} as Record<string, number> }
  for (const { steps, happenings, checks, virtualMs, counts } of outcomes) {
    sum.steps += steps
    sum.happenings += happenings
    sum.checks += checks
    sum.virtualMs += virtualMs
    for (const [name, count] of Object.entries(counts)) sum.counts[name] = (sum.counts[name] ?? 0) + count
  }
  return sum as Pick<SimulationOutcome, "steps" | "happenings" | "checks" | "virtualMs" | "counts">
}

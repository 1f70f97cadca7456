import { parentPort, workerData } from "node:worker_threads"
import { apply } from "./mutants/apply.ts"
import type { Mutant } from "./mutants/mutant.ts"
import type { Setting } from "./plan.ts"
import type { SimulationOutcome } from "./simulation.ts"

/** What a worker is started with. */
export type WorkerTask = { readonly mutant: Mutant | null }

export type SeedTask = { readonly seed: number; readonly hours: number; readonly setting: Setting | null }

/** A worker runs one seed at a time and answers with what came of it. */
export type SeedAnswer =
  | { readonly outcome: SimulationOutcome }
  /** The engine threw where nobody could catch it. */
  | { readonly failed: string }

/** What it answers in place of that when nothing can be run at all: the mutant cannot be applied. */
export type Unusable = { readonly unusable: string }

const port = parentPort
if (port === null) throw new Error("This file runs as a worker thread only.")
// What the main thread of `seeds.ts` hands over.
const { mutant }: WorkerTask = workerData
const answer = (message: SeedAnswer | Unusable) => port.postMessage(message)

try {
  const ensureApplied = mutant === null ? () => {} : apply(mutant)
  const { simulate } = await import("./simulation.ts")
  ensureApplied()
  // A promise of the engine's that nobody waits for has failed: the process would end.
  process.on("unhandledRejection", (fault) => answer({ failed: `unhandled: ${String(fault)}` }))
  port.on("message", async (task: SeedTask) => {
    try {
      answer({ outcome: await simulate(task) })
    } catch (fault) {
      answer({ failed: fault instanceof Error ? (fault.stack ?? fault.message) : String(fault) })
    }
  })
} catch (fault) {
  answer({ unusable: fault instanceof Error ? fault.message : String(fault) })
}

import { SeededRandom } from "../simulation/seeded-random.ts"
import { total } from "./allowance.ts"
import type { Fault, Report } from "./fault.ts"
import { kills, tornLog } from "./faults/kills.ts"
import { clock, pauses } from "./faults/pauses.ts"
import { postgres } from "./faults/postgres.ts"
import { fullDisk, readOnlyDisk } from "./faults/storage.ts"
import { descriptors, flapping } from "./faults/surroundings.ts"
import { interrupted } from "./leftovers.ts"

export const faults: readonly Fault[] = [
  kills,
  tornLog,
  fullDisk,
  readOnlyDisk,
  pauses,
  clock,
  descriptors,
  flapping,
  postgres,
]

export type Outcome =
  | { readonly fault: string; readonly is: "judged"; readonly report: Report }
  /** It could not be done on this machine. */
  | { readonly fault: string; readonly is: "left out"; readonly because: string }
  /** It did not get as far as a judgement: something did not start, or did not come back. */
  | { readonly fault: string; readonly is: "broken"; readonly because: string }

/** Does one fault after the other, each to a server of its own, until it is interrupted. */
export async function campaign(
  chosen: readonly Fault[],
  { forMs, seed, before }: { readonly forMs: number; readonly seed: number; readonly before: (fault: Fault) => void },
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  for (const fault of chosen) {
    if (interrupted.aborted) break
    const unfit = fault.unfit()
    if (unfit !== null) {
      outcomes.push({ fault: fault.name, is: "left out", because: unfit })
      continue
    }
    before(fault)
    try {
      // Its own numbers, so that one fault alone is replayed by the same seed.
      const random = new SeededRandom(seed + faults.indexOf(fault))
      outcomes.push({ fault: fault.name, is: "judged", report: await fault.run({ forMs, random }) })
    } catch (error) {
      outcomes.push({
        fault: fault.name,
        is: "broken",
        because: error instanceof Error ? error.message : String(error),
      })
    }
  }
  return outcomes
}

export function isWell(outcome: Outcome): boolean {
  return outcome.is === "left out" || (outcome.is === "judged" && outcome.report.wrongs.length === 0)
}

/** Over all that was judged. */
export function totals(outcomes: readonly Outcome[]) {
  const reports = outcomes.flatMap((outcome) => (outcome.is === "judged" ? [outcome.report] : []))
  const sum = (of: (report: Report) => number) => reports.reduce((soFar, report) => soFar + of(report), 0)
  return {
    kills_survived: sum(({ done }) => (done.kills ?? 0) + (done["kills of a start"] ?? 0)),
    events_acknowledged: sum(({ verdict }) => verdict.acknowledged),
    lost: sum(({ verdict }) => verdict.lost),
    repeated: sum(({ verdict }) => total(verdict.repeats)),
    repeated_late: sum(({ verdict }) => total(verdict.lateRepeats)),
    out_of_order: sum(({ verdict }) => verdict.outOfOrder + verdict.acknowledgedOutOfOrder),
  }
}

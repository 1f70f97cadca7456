import type { SeededRandom } from "../simulation/seeded-random.ts"
import { type Allowance, allowance } from "./allowance.ts"
import { undoneInAnyCase } from "./leftovers.ts"
import { Patient, type PatientOptions } from "./patient.ts"
import { judge, type Verdict, wrongs } from "./verdict.ts"

export type Torment = {
  readonly forMs: number
  readonly random: SeededRandom
}

/** How often each thing was done to it. */
export type Done = Record<string, number>

export type Report = {
  readonly fault: string
  readonly durationMs: number
  /** `kills: 12`, … */
  readonly done: Done
  readonly verdict: Verdict
  readonly allowed: Allowance
  /** What must not be; none when all is well. */
  readonly wrongs: readonly string[]
}

export type Fault = {
  readonly name: string
  readonly title: string
  /** Why it cannot be done here; null when it can. */
  unfit(): string | null
  run(torment: Torment): Promise<Report>
}

const drainMaxMs = 120_000

export type Handovers = {
  /** What of the things done makes somebody else take over what was on its way: only then may something come again. */
  readonly handovers?: readonly string[]
  /** While the one before may go on. */
  readonly late?: boolean
}

/** Opens a patient, does something to it, heals it, and judges what became of the ledger. */
export async function torment(
  fault: string,
  { handovers = [], late = false, ...options }: PatientOptions & Handovers,
  act: (patient: Patient, done: (what: string) => void) => Promise<void>,
): Promise<Report> {
  const fromMs = performance.now()
  const counts: Done = {}
  const patient = new Patient(options)
  const close = undoneInAnyCase(() => patient.close())
  try {
    await patient.open()
    await act(patient, (what) => {
      counts[what] = (counts[what] ?? 0) + 1
    })
    // It is well again: it takes events, and delivers all that it took.
    await patient.acknowledges(5)
    const verdict = judge(patient, await patient.drained(drainMaxMs))
    const allowed = allowance(
      handovers.reduce((sum, what) => sum + (counts[what] ?? 0), 0),
      late,
    )
    const durationMs = performance.now() - fromMs
    return { fault, durationMs, done: counts, verdict, allowed, wrongs: wrongs(verdict, allowed) }
  } finally {
    await close()
  }
}

export const always = () => null

export const asRoot = () => (process.getuid?.() === 0 ? null : "it takes root to mount a small disk")

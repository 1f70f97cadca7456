import type { SeededRandom } from "../simulation/seeded-random.ts"
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

/** Opens a patient, does something to it, heals it, and judges what became of the ledger. */
export async function torment(
  fault: string,
  options: PatientOptions,
  act: (patient: Patient, done: (what: string) => void) => Promise<void>,
  { repeatsLate = false } = {},
): Promise<Report> {
  const fromMs = performance.now()
  const counts: Done = {}
  const patient = await Patient.open(options)
  const closed = undoneInAnyCase(() => patient.close())
  try {
    await act(patient, (what) => {
      counts[what] = (counts[what] ?? 0) + 1
    })
    // It is well again: it takes events, and delivers all that it took.
    await patient.acknowledges(5)
    const verdict = judge(patient, await patient.drained(drainMaxMs), repeatsLate)
    return { fault, durationMs: performance.now() - fromMs, done: counts, verdict, wrongs: wrongs(verdict) }
  } finally {
    await patient.close()
    closed()
  }
}

export const always = () => null

export const asRoot = () => (process.getuid?.() === 0 ? null : "it takes root to mount a small disk")

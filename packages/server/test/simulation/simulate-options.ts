import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import type { Mutant } from "./mutants/mutant.ts"
import { mutants } from "./mutants/mutants.ts"
import { type Setting, settings } from "./plan.ts"

export const help = `npm run simulate -- [options]

Runs the real accept, dispatch and store code on virtual time, with faults that a seed decides, and checks what is
promised at every step. The same seed is the same run, wherever it runs.

  --seed N        the first seed (1)
  --seeds K       how many seeds, one after the other (1)
  --hours H       of virtual time with faults in it, for each (6; several nodes: 0.25)
  --setting S     memory, sqlite or cluster; without it the seed decides
  --trace         print everything that happens
  --profile       write a CPU profile, and say where
  --mutants       make deliberate faults in the code, one at a time, and see that each is caught
  --mutant NAME   make this one of them, to see how it is caught
  --workers W     threads (as many as the machine has processors)
  --json          for programs: one JSON document
  --help          this text

Ends with 0 when everything held, 1 when something did not, 2 when the command line is wrong, 130 after Ctrl-C.
A failure prints the command that runs it again. docs/simulation.md explains what is checked.
`

export type SimulateOptions = {
  readonly seed: number
  readonly seeds: number
  /** Null: by the setting. */
  readonly hours: number | null
  readonly setting: Setting | null
  readonly trace: boolean
  readonly profile: boolean
  readonly mutants: boolean
  readonly mutant: Mutant | null
  readonly workers: number
  readonly json: boolean
  readonly help: boolean
}

/** The command line cannot be carried out as it is. */
export class WrongOption extends Error {}

/** @throws WrongOption with what to write instead */
export function readOptions(words: readonly string[]): SimulateOptions {
  const { values } = parsed(words)
  const setting = values.setting ?? null
  for (const look of ["trace", "profile"] as const)
    if (values[look] && (values.mutants || (values.seeds ?? "1") !== "1"))
      throw new WrongOption(`--${look} is for one seed: give --seed, and neither --seeds nor --mutants`)
  if (setting !== null && !isSetting(setting)) throw new WrongOption(`--setting is one of ${settings.join(", ")}`)
  return {
    seed: whole("seed", values.seed ?? "1"),
    seeds: whole("seeds", values.seeds ?? "1"),
    hours: values.hours === undefined ? null : positive("hours", values.hours),
    setting,
    trace: values.trace === true,
    profile: values.profile === true,
    mutants: values.mutants === true,
    mutant: values.mutant === undefined ? null : mutantNamed(values.mutant),
    workers: whole("workers", values.workers ?? String(availableParallelism())),
    json: values.json === true,
    help: values.help === true,
  }
}

/** Several nodes beat every second, which takes its time. */
export function hoursFor(setting: Setting | null): number {
  return setting === "cluster" ? 0.25 : 6
}

function parsed(words: readonly string[]) {
  const text = { type: "string" } as const
  const flag = { type: "boolean" } as const
  try {
    return parseArgs({
      args: [...words],
      options: {
        seed: text,
        seeds: text,
        hours: text,
        setting: text,
        workers: text,
        mutant: text,
        trace: flag,
        profile: flag,
        mutants: flag,
        json: flag,
        help: flag,
      },
    })
  } catch (fault) {
    throw new WrongOption(fault instanceof Error ? fault.message : String(fault))
  }
}

function whole(name: string, value: string): number {
  const number = positive(name, value)
  if (!Number.isSafeInteger(number)) throw new WrongOption(`--${name} is a whole number from 1 on, not ${value}`)
  return number
}

function positive(name: string, value: string): number {
  const number = Number(value)
  if (!(number > 0 && number < Number.MAX_SAFE_INTEGER))
    throw new WrongOption(`--${name} is a number above 0, not ${value}`)
  return number
}

function mutantNamed(name: string): Mutant {
  const mutant = mutants.find((each) => each.name === name)
  if (mutant === undefined) throw new WrongOption(`no deliberate fault is called "${name}"; --mutants lists them all`)
  return mutant
}

function isSetting(value: string): value is Setting {
  return settings.some((each) => each === value)
}

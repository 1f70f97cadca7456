import type { Setting } from "../plan.ts"

/** A deliberate fault: some text of the real code, found exactly once, replaced by other text. */
export type Mutant = {
  /** What is wrong then, in a few words. */
  readonly name: string
  /** Below `packages/server/src`. */
  readonly file: string
  readonly find: string
  readonly replace: string
  /** Where it shows soonest, when it does not show everywhere; null: anywhere. */
  readonly setting: Setting | null
  /** Of faulty time; a fault that takes a night to show needs more. */
  readonly hours?: number
  /** One that has caught it, when the first ones do not: it is tried first, and all others if it no longer does. */
  readonly seed?: number
}

/** @throws Error when the code is no longer what the mutant was written for: it would be caught, or missed, for nothing. */
export function mutated(source: string, { name, file, find, replace }: Mutant): string {
  const found = source.split(find).length - 1
  if (found !== 1)
    throw new Error(
      `The mutant "${name}" looks for this in ${file} and finds it ${found} times: ${find}. Write it anew for the present code, in test/simulation/mutants/mutants.ts.`,
    )
  // A function, so that `$` in the text means itself.
  return source.replace(find, () => replace)
}

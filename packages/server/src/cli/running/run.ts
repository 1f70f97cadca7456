import { CommanderError } from "commander"
import { buildProgram } from "../program.ts"
import { exitCodes, exitNameOf } from "./exit-codes.ts"
import { failureJson, failureText } from "./telling-failures.ts"
import type { Surroundings } from "./terminal.ts"

/**
 * Runs one command line.
 *
 * @param words what stands behind `tocsin`.
 * @returns the exit code. Never rejects.
 */
export async function run(words: readonly string[], surroundings: Surroundings): Promise<number> {
  let code: number = exitCodes.ok.code
  const program = buildProgram({
    ...surroundings,
    failed: () => {
      code = exitCodes.failed.code
    },
  })
  try {
    await program.parseAsync(words, { from: "user" })
    return code
  } catch (failure) {
    if (surroundings.signal.aborted) return exitCodes.interrupted.code
    // Commander has told its own by now.
    if (!(failure instanceof CommanderError)) {
      const json = words.includes("--json")
      surroundings.err(json ? `${JSON.stringify(failureJson(failure))}\n` : failureText(failure))
    }
    return exitCodes[exitNameOf(failure)].code
  }
}

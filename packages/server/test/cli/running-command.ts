import { run } from "../../src/cli/running/run.ts"
import type { Surroundings } from "../../src/cli/running/terminal.ts"

export type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** What differs from a program's pipe: no terminal, an empty environment, no input. */
type Differences = Partial<Omit<Surroundings, "out" | "err" | "readInput">> & { readonly input?: string | Buffer }

/** Runs a command line in this process, as `tocsin` does. */
export async function runCommand(words: readonly string[], { input = "", ...other }: Differences = {}): Promise<Ran> {
  let out = ""
  let err = ""
  const code = await run(words, {
    readInput: async () => Buffer.from(input),
    inputIsTty: false,
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
    isTty: false,
    coloured: false,
    columns: 80,
    environment: {},
    signal: new AbortController().signal,
    now: Date.now,
    ...other,
  })
  return { code, out, err }
}

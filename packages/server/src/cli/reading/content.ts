import { readFileSync } from "node:fs"
import { UsageError } from "../running/failures.ts"
import type { Terminal } from "../running/terminal.ts"

/** The bytes of a file, or of standard input for `-`. @throws UsageError */
export async function readContent(path: string, terminal: Terminal): Promise<Buffer> {
  if (path === "-") {
    if (terminal.inputIsTty) terminal.err("Reading from the terminal; end with Ctrl-D.\n")
    return terminal.readInput()
  }
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

/** As `curl -d` has it: `@file`, `@-` or `-` for standard input, else the text itself. */
export async function readGiven(text: string, terminal: Terminal): Promise<string> {
  if (text === "-") return (await readContent("-", terminal)).toString("utf8")
  return text.startsWith("@") ? (await readContent(text.slice(1), terminal)).toString("utf8") : text
}

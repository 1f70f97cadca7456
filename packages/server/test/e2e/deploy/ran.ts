import { execFile } from "node:child_process"
import { promisify } from "node:util"

const run = promisify(execFile)

export type Ran = { readonly code: number; readonly out: string; readonly err: string }

/** Runs a program to its end, whatever that is. */
export async function ran(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  try {
    const { stdout, stderr } = await run(command, args, { timeout: 120_000, maxBuffer: 16 << 20, ...options })
    return { code: 0, out: stdout, err: stderr }
  } catch (error) {
    if (!(error instanceof Error && "code" in error && typeof error.code === "number")) throw error
    const { stdout, stderr } = error as Error & { stdout?: string; stderr?: string }
    return { code: error.code, out: stdout ?? "", err: stderr ?? "" }
  }
}

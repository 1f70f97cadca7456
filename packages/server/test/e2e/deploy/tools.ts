import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, join } from "node:path"
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

/** A program in PATH, or where Go installs programs; null where there is none. */
export function found(name: string): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), process.env.GOBIN, join(homedir(), "go/bin")]
  for (const folder of folders) if (folder && existsSync(join(folder, name))) return join(folder, name)
  return null
}

/**
 * A program found on the machine, else from Debian's package when root.
 * @throws Error of one line when it cannot be had: a check must fail then, never be passed over in silence.
 */
export async function foundOrInstalled(name: string, debianPackage: string): Promise<string> {
  const there = found(name)
  if (there !== null) return there
  if (process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
    await ran("apt-get", ["update"], { env })
    await ran("apt-get", ["install", "-y", "--no-install-recommends", debianPackage], { env })
    const installed = found(name)
    if (installed !== null) return installed
  }
  throw new Error(`This check needs ${name}: install it (on Debian: apt-get install ${debianPackage}).`)
}

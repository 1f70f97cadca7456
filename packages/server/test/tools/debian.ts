import { execFile } from "node:child_process"
import { accessSync, constants } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)
const aptMaxMs = 300_000
// Without a network it is to give up soon: there may be another way. Something else may be installing just now.
const patience = ["-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=15", "-o", "DPkg::Lock::Timeout=120"]

export function foldersInPath(): readonly string[] {
  return (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "")
}

/** The first of these programs that is in PATH, or where Go installs programs; null where there is none. */
export function found(...names: readonly string[]): string | null {
  const folders = [...foldersInPath(), ...(process.env.GOBIN ? [process.env.GOBIN] : []), join(homedir(), "go/bin")]
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(runnable) ?? null
}

/**
 * One of these programs, found on the machine, else from Debian's package where this is root.
 * @throws Error of one line when it cannot be had: a check must fail then, never be passed over in silence.
 */
export async function foundOrInstalled(debianPackage: string, ...names: readonly string[]): Promise<string> {
  const there = found(...names)
  if (there !== null) return there
  const needed = `${names.join(" or ")} is needed and not in PATH`
  try {
    await aptInstall(debianPackage)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`${needed}: install one, or put it there; ${why}.`, { cause: error })
  }
  const installed = found(...names)
  if (installed === null) throw new Error(`${needed}, also with Debian's package ${debianPackage}: install another.`)
  return installed
}

/** Installs Debian's package, by the newest list of packages. @throws Error of one line when that failed */
export async function aptInstall(debianPackage: string): Promise<void> {
  await aptUpdate()
  const words = ["install", "-y", "--no-install-recommends", debianPackage]
  await apt(words, `Debian's package ${debianPackage} could not be installed`)
}

let updated: Promise<void> | null = null

/** Fetches the list of packages, once in this process. @throws Error of one line when that failed */
export function aptUpdate(): Promise<void> {
  updated ??= apt(["update"], "Debian's list of packages could not be fetched")
  return updated
}

async function apt(words: readonly string[], failing: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error(`${failing} (only root may)`)
  try {
    // Test files run side by side: the others wait for the one that installs, and then find it.
    await run("flock", [join(tmpdir(), "tocsin-tests-apt.lock"), "apt-get", ...patience, ...words], {
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      timeout: aptMaxMs,
    })
  } catch (error) {
    const lines = (error instanceof Error ? error.message : String(error)).trim().split("\n")
    throw new Error(`${failing} (${lines.at(-1)})`, { cause: error })
  }
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

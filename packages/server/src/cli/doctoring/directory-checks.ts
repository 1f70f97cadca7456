import { existsSync, readdirSync, statfsSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import { type Check, ok, problem, reasonOf, warning } from "./check.ts"

const gibibyte = 1024 ** 3

/** The data directory of a server on this machine: who may read it, and how much room is left. */
export function lookAtDirectory(environment: Readonly<Record<string, string | undefined>>, address: string): Check[] {
  const directory = resolve(environment.TOCSIN_DATA_DIR?.trim() || "./data")
  if (!isLocal(address) || environment.TOCSIN_DATABASE_URL || !existsSync(join(directory, "tocsin.db"))) return []
  try {
    return [...permissionChecks(directory), roomCheck(directory)]
  } catch (error) {
    return [
      warning(
        "data directory",
        `${directory} cannot be looked at (${reasonOf(error)}).`,
        "Run this as the server's user.",
      ),
    ]
  }
}

function isLocal(address: string): boolean {
  const { hostname } = new URL(address)
  return hostname === "localhost" || hostname === "[::1]" || /^127\./.test(hostname)
}

function permissionChecks(directory: string): Check[] {
  const open = [directory, ...readdirSync(directory).map((name) => join(directory, name))].filter(
    (path) => (statSync(path).mode & 0o077) !== 0,
  )
  if (open.length === 0) return [ok("data directory", `${directory} is its owner's alone.`)]
  return [
    problem(
      "data directory",
      `Others on this machine may read ${open.join(", ")}.`,
      `It holds the encryption key and every payload: chmod -R go= ${directory}`,
    ),
  ]
}

function roomCheck(directory: string): Check {
  const { bavail, blocks, bsize } = statfsSync(directory)
  const free = bavail * bsize
  const shown = `${(free / gibibyte).toFixed(1)} GiB free (${((bavail / blocks) * 100).toFixed(0)} %)`
  const hint = "When the disk is full nothing more is accepted. Make room, or set TOCSIN_RETENTION_DAYS lower."
  if (free < gibibyte / 10) return problem("disk", `${shown} where ${directory} lies.`, hint)
  return free < gibibyte ? warning("disk", `${shown} where ${directory} lies.`, hint) : ok("disk", `${shown}.`)
}

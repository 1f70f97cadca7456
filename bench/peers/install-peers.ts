import { execFile } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import Type from "typebox"
import { Compile } from "typebox/compile"

const folder = fileURLToPath(new URL(".", import.meta.url))
const installMaxMs = 300_000
const Lock = Compile(
  Type.Object({ packages: Type.Record(Type.String(), Type.Object({ version: Type.Optional(Type.String()) })) }),
)

/**
 * Installs the peers' packages beside their lock, apart from what users of Tocsin install, when they are not there yet.
 * @throws Error of one line when npm cannot.
 */
export async function installPeers(say: (line: string) => void): Promise<void> {
  if (isInstalled()) return
  say("installing the peers' packages (bench/peers, once)")
  try {
    await promisify(execFile)("npm", ["ci", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts"], {
      timeout: installMaxMs,
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n").find((line) => line.includes("error")) : error
    throw new Error(
      `The peers could not be installed: npm ci --prefix bench/peers (${reason}). --only tocsin needs none.`,
    )
  }
}

/** npm notes what it has installed; it is to be what the lock names. */
function isInstalled(): boolean {
  const [wanted, present] = [`${folder}package-lock.json`, `${folder}node_modules/.package-lock.json`]
  if (!existsSync(present)) return false
  const locked = Lock.Parse(JSON.parse(readFileSync(wanted, "utf8"))).packages
  const installed = Lock.Parse(JSON.parse(readFileSync(present, "utf8"))).packages
  // What belongs to other platforms is locked and not installed.
  return Object.entries(installed).every(([path, { version }]) => locked[path]?.version === version)
}

/** The peers' own versions, for the record. */
export function peerVersions(): Readonly<Record<string, string>> {
  const Manifest = Compile(Type.Object({ dependencies: Type.Record(Type.String(), Type.String()) }))
  return Manifest.Parse(JSON.parse(readFileSync(`${folder}package.json`, "utf8"))).dependencies
}

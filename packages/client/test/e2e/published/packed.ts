import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll } from "vitest"

const folder = join(import.meta.dirname, "../../..")
const npmBuild = { PATH: `${join(folder, "../../node_modules/.bin")}:${dirname(process.execPath)}:${process.env.PATH}` }

export type Packed = {
  /** What `npm publish` would send. */
  readonly tarball: string
  /** A program's folder, with the package in its node_modules and nothing else. */
  readonly program: string
}

const directories: string[] = []
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** Builds the package, packs it as npm does, and installs it: into directories of its own, removed after the test file. */
export function packed(): Packed {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-client-"))
  directories.push(directory)
  const [built, program] = [join(directory, "dist"), join(directory, "program")]
  const installed = join(program, "node_modules/@tocsin/client")
  mkdirSync(installed, { recursive: true })
  const environment = { ...process.env, ...npmBuild }
  const run = (command: string, args: readonly string[], cwd: string) =>
    execFileSync(command, args, { cwd, env: environment, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })
  run("tsc", ["-p", "tsconfig.build.json", "--outDir", built], folder)
  run(process.execPath, ["scripts/write-package.ts", built], folder)
  const tarball = join(directory, run("npm", ["pack", "--silent", "--pack-destination", directory], built).trim())
  run("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed], program)
  return { tarball, program }
}

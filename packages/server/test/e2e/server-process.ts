import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { type Installation, type RunningServer, type ServerProcess, type Settings, spawnProgram } from "./program.ts"

export { adminKey, type RunningServer, type ServerProcess, type Settings } from "./program.ts"

const alive = new Set<ServerProcess>()
const directories: string[] = []

// Registered where this file is imported: whatever a failed test leaves behind ends with its file.
afterAll(async () => {
  await Promise.all([...alive].map((each) => each.kill("SIGKILL")))
  for (const directory of directories) rmSync(directory, { recursive: true, force: true })
})

/** An empty directory, removed after the test file. */
export function newDataDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-e2e-"))
  directories.push(directory)
  return directory
}

/** Starts the program and waits for nothing: for starts that are expected to fail. */
export function spawnServer(settings: Settings, installation: Installation = {}): ServerProcess {
  const server = spawnProgram(settings, installation)
  alive.add(server)
  void server.stopped.then(() => alive.delete(server))
  return server
}

/** Starts the program and waits until it listens. */
export async function startServer(settings: Settings, installation: Installation = {}): Promise<RunningServer> {
  const server = spawnServer(settings, installation)
  const address = await server.listening
  return Object.assign(server, { address })
}

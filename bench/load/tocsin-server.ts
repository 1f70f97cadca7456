import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { spawnProgram } from "../../packages/server/test/e2e/program.ts"
import { authorityCertificate } from "./certificates.ts"
import type { CleaningUp } from "./cleaning-up.ts"
import { within } from "./waiting-until.ts"

const startMaxMs = 120_000

/** Where a server, or several nodes, can be reached. */
export type Served = {
  readonly address: string
  /** The same, or those of all nodes that it stands for. */
  readonly addresses: readonly string[]
}

export type TocsinServer = Served & {
  readonly pid: number
  /** SIGTERM, then waits for its end: for whoever starts another on the data, which stay. */
  stop(): Promise<void>
}

export type ServerOptions = {
  readonly directory: string
  /** For example `--cpu-prof`. */
  readonly nodeFlags?: readonly string[]
  /** `TOCSIN_…`, over the benchmarks' own. */
  readonly settings?: Readonly<Record<string, string>>
}

export function newDirectory(cleaning: CleaningUp): string {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-bench-"))
  cleaning.later(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Starts the real program and waits until it listens. */
export async function startTocsin(
  cleaning: CleaningUp,
  { directory, nodeFlags = [], settings = {} }: ServerOptions,
): Promise<TocsinServer> {
  const server = spawnProgram(
    {
      TOCSIN_DATA_DIR: directory,
      TOCSIN_ALLOWED_TARGETS: "127.0.0.0/8,localhost",
      NODE_EXTRA_CA_CERTS: authorityCertificate,
      ...settings,
    },
    // Its log is of interest only when it ends unasked, and would grow with every event that it refuses.
    { nodeFlags, outputMaxLength: 10_000 },
  )
  let stopping = false
  const stop = async () => {
    stopping = true
    await server.kill()
  }
  cleaning.later(stop)
  const address = await within("the server's start", server.listening, startMaxMs)
  void server.stopped.then(({ code, signal }) => {
    // Ctrl-C reaches the server as well.
    if (!stopping && !cleaning.begun())
      process.stderr.write(`the server ended by itself (${signal ?? code}): ${server.output.stderr}\n`)
  })
  return { address, addresses: [address], pid: server.pid, stop }
}

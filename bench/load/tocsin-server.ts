import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { authorityCertificate } from "./certificates.ts"
import type { CleaningUp } from "./cleaning-up.ts"

export const adminKey = "ta_the-instance-key-of-the-benchmarks"
const main = fileURLToPath(new URL("../../packages/server/src/main.ts", import.meta.url))
const startMaxMs = 120_000

export type TocsinServer = {
  readonly address: string
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
  const child = spawn(process.execPath, [...nodeFlags, main], {
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH ?? "",
      TOCSIN_PORT: "0",
      TOCSIN_DATA_DIR: directory,
      TOCSIN_ADMIN_KEY: adminKey,
      TOCSIN_ALLOWED_TARGETS: "127.0.0.0/8,localhost",
      NODE_EXTRA_CA_CERTS: authorityCertificate,
      ...settings,
    },
  })
  let stopping = false
  const stop = async () => {
    stopping = true
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, "exit")
    child.kill("SIGTERM")
    await ended
  }
  cleaning.later(stop)
  let said = ""
  // Its log: of interest only when it ends unasked.
  child.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-10_000)
  })
  const address = await new Promise<string>((resolve, reject) => {
    const tooLate = setTimeout(() => reject(new Error(`the server did not start: ${said}`)), startMaxMs)
    child.stdout.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-10_000)
      const found = /listening on (http:\S+)/.exec(said)?.[1]
      if (!found) return
      clearTimeout(tooLate)
      resolve(found)
    })
    child.once("exit", () => {
      clearTimeout(tooLate)
      reject(new Error(`the server ended: ${said}`))
    })
  })
  const pid = child.pid
  if (pid === undefined) throw new Error("the server has no process id")
  child.once("exit", (code, signal) => {
    if (!stopping) process.stderr.write(`the server ended by itself (${signal ?? code}): ${said}\n`)
  })
  return {
    address,
    pid,
    stop,
  }
}

import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import { unusedPort } from "../../packages/server/test/receiver.ts"
import { found, foundOrInstalled } from "../../packages/server/test/tools/debian.ts"
import type { CleaningUp } from "../load/cleaning-up.ts"

const run = promisify(execFile)

/** Redis' own words. */
export type AppendFsync = "always" | "everysec"

export type RedisServer = {
  readonly url: string
  readonly pid: number
  readonly version: string
}

/**
 * A Redis (or Valkey) of the benchmark's own: found on the machine, else Debian's package when root.
 * It appends each write to a file.
 *
 * @param appendFsync whether that file is synced before a write is answered, or once a second, as BullMQ's documentation
 *   recommends: then up to a second of what was answered is lost with the machine.
 * @throws Error of one line when none can be had.
 */
export async function startRedis(
  cleaning: CleaningUp,
  appendFsync: AppendFsync,
  say: (line: string) => void,
): Promise<RedisServer> {
  const program = await findOrInstall(say)
  const directory = mkdtempSync(join(tmpdir(), "tocsin-bench-redis-"))
  cleaning.later(() => rmSync(directory, { recursive: true, force: true }))
  const port = await unusedPort()
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""]
  settings.push("--appendonly", "yes", "--appendfsync", appendFsync, "--maxmemory-policy", "noeviction")
  const child = spawn(program, settings, { stdio: ["ignore", "ignore", "inherit"], cwd: directory })
  const ended = once(child, "exit")
  cleaning.later(async () => {
    child.kill("SIGTERM")
    await ended
  })
  await answering(port, () => child.exitCode !== null)
  const { pid } = child
  if (pid === undefined) throw new Error("Redis has no process id")
  const { stdout } = await run(program, ["--version"])
  return {
    url: `redis://127.0.0.1:${port}`,
    pid,
    version: /v=([\d.]+)/.exec(stdout)?.[1] ?? stdout.trim(),
  }
}

async function findOrInstall(say: (line: string) => void): Promise<string> {
  const names = ["redis-server", "valkey-server"]
  if (found(...names) === null) say("installing Debian's redis-server (once)")
  try {
    return await foundOrInstalled("redis-server", ...names)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`BullMQ needs Redis, or to be left out (--only tocsin,pg-boss,graphile-worker): ${why}`, {
      cause: error,
    })
  }
}

async function answering(port: number, hasEnded: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (hasEnded()) throw new Error("Redis ended at its start")
    const socket = connect(port, "127.0.0.1")
    const answered = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false))
    })
    socket.destroy()
    if (answered) return
    await delay(50)
  }
  throw new Error("Redis did not answer within 10 s")
}

import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import { unusedPort } from "../../packages/server/test/receiver.ts"

const run = promisify(execFile)

export type RedisServer = {
  readonly url: string
  readonly pid: number
  readonly version: string
  close(): Promise<void>
}

/**
 * A Redis (or Valkey) of the benchmark's own: found on the machine, else Debian's package when root.
 * It appends each write to a file that is synced once a second (`appendfsync everysec`), as BullMQ's documentation asks.
 *
 * @throws Error of one line when none can be had.
 */
export async function startRedis(say: (line: string) => void): Promise<RedisServer> {
  const program = await findOrInstall(say)
  const directory = mkdtempSync(join(tmpdir(), "tocsin-bench-redis-"))
  const port = await unusedPort()
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""]
  settings.push("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction")
  const child = spawn(program, settings, { stdio: ["ignore", "ignore", "inherit"], cwd: directory })
  const ended = once(child, "exit")
  await answering(port, () => child.exitCode !== null)
  const { pid } = child
  if (pid === undefined) throw new Error("Redis has no process id")
  const { stdout } = await run(program, ["--version"])
  return {
    url: `redis://127.0.0.1:${port}`,
    pid,
    version: /v=([\d.]+)/.exec(stdout)?.[1] ?? stdout.trim(),
    async close() {
      child.kill("SIGTERM")
      await ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

async function findOrInstall(say: (line: string) => void): Promise<string> {
  const found = find()
  if (found !== null) return found
  if (process.getuid?.() === 0 && find("apt-get") !== null) {
    say("installing Debian's redis-server (once)")
    const quiet = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, timeout: 300_000 }
    try {
      await run("apt-get", ["update"], quiet)
      await run("apt-get", ["install", "-y", "--no-install-recommends", "redis-server"], quiet)
    } catch {
      // The line below tells what to do.
    }
    const installed = find()
    if (installed !== null) return installed
  }
  throw new Error(
    "BullMQ needs Redis: neither redis-server nor valkey-server is in PATH. Install one, or leave it out: --only tocsin,pg-boss,graphile-worker.",
  )
}

function find(...names: readonly string[]): string | null {
  const wanted = names.length === 0 ? ["redis-server", "valkey-server"] : names
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "")
  return wanted.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path)) ?? null
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

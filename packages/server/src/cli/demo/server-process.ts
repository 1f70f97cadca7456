import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { fileURLToPath } from "node:url"

export type ServerProcess = {
  readonly address: string
  readonly processId: number
  readonly dataDir: string
  /** Stops it as an operator would and removes its data. */
  stop(): Promise<void>
}

/** Attempts in flight may take their time; the demo's do not. */
const stopMaxMs = 10_000
const logTailCharacters = 2_000

/** For a demo's server alone, which removes it when it stops. */
export function temporaryDataDir(): string {
  return mkdtempSync(join(tmpdir(), "tocsin-demo-"))
}

/**
 * Starts a server of its own process on a data directory of its own and a free port.
 * @throws Error with the end of its log when it does not start.
 */
export async function startServer(
  adminKey: string,
  signal: AbortSignal,
  dataDir = temporaryDataDir(),
): Promise<ServerProcess> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("../../main.ts", import.meta.url))], {
    env: {
      ...withoutSettings(process.env),
      TOCSIN_PORT: "0",
      TOCSIN_DATA_DIR: dataDir,
      TOCSIN_ADMIN_KEY: adminKey,
      TOCSIN_ALLOWED_TARGETS: "127.0.0.1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const exited = new Promise<void>((resolve) => {
    child.once("exit", () => resolve())
    child.once("error", () => resolve())
  })
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM")
      const gone = await Promise.race([exited.then(() => true), delay(stopMaxMs, false, { ref: false })])
      if (!gone) child.kill("SIGKILL")
      await exited
    }
    rmSync(dataDir, { recursive: true, force: true })
  }

  let log = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-logTailCharacters)
  })
  const listening = new Promise<string>((resolve) => {
    let said = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text
      const address = /listening on (http:\/\/\S+)/.exec(said)?.[1]
      if (address !== undefined) resolve(address)
    })
  })
  const ended = exited.then(() => Promise.reject(new Error(`the server ended before it listened:\n${log.trim()}`)))
  const aborted = once(signal, "abort").then(() => Promise.reject(signal.reason))
  // Whichever loses the race may still reject, when nobody listens to it any more.
  for (const loser of [ended, aborted]) loser.catch(() => {})
  try {
    signal.throwIfAborted()
    const address = await Promise.race([listening, ended, aborted])
    return { address, processId: child.pid ?? 0, dataDir, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The demo's server must not take over what the reader's own is set to. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("TOCSIN_")))
}

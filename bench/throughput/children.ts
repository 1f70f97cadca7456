import { fork, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import Type from "typebox"
import { Compile } from "typebox/compile"

const Port = Compile(Type.Object({ port: Type.Number() }))
const Count = Compile(Type.Object({ arrived: Type.Number() }))

export type Receiver = { readonly url: string; arrived(): Promise<number>; stop(): void }

export async function startReceiver(): Promise<Receiver> {
  const child = fork(fileURLToPath(new URL("./receiver.ts", import.meta.url)))
  const [hello] = await once(child, "message")
  const { port } = Port.Parse(hello)
  return {
    url: `http://127.0.0.1:${port}/hook`,
    async arrived() {
      child.send("count")
      const [answer] = await once(child, "message")
      return Count.Parse(answer).arrived
    },
    stop: () => child.disconnect(),
  }
}

export type Server = {
  readonly address: string
  readonly adminKey: string
  /** User and system time since its start, in ms; peak memory in MiB. */
  usage(): { readonly cpuMs: number; readonly peakMiB: number }
  stop(): Promise<void>
}

const adminKey = "ta_the-instance-key-of-the-benchmarks"

/** The real program on an empty data directory. @param nodeFlags for example `--cpu-prof`. */
export async function startServer(
  nodeFlags: readonly string[] = [],
  settings: Record<string, string> = {},
): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-bench-"))
  const main = fileURLToPath(new URL("../../packages/server/src/main.ts", import.meta.url))
  const child = spawn(process.execPath, [...nodeFlags, main], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      PATH: process.env.PATH ?? "",
      TOCSIN_PORT: "0",
      TOCSIN_DATA_DIR: directory,
      TOCSIN_ADMIN_KEY: adminKey,
      TOCSIN_ALLOWED_TARGETS: "127.0.0.1,localhost",
      ...settings,
    },
  })
  let said = ""
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString()
      const found = /listening on (http:\S+)/.exec(said)?.[1]
      if (found) resolve(found)
    })
    child.once("exit", () => reject(new Error(`the server ended: ${said}`)))
  })
  return {
    address,
    adminKey,
    usage: () => usageOf(child.pid),
    async stop() {
      child.kill("SIGTERM")
      await once(child, "exit")
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Linux's own accounting (proc(5)): clock ticks are hundredths of a second. */
function usageOf(pid: number | undefined): { cpuMs: number; peakMiB: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? []
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
  return { cpuMs: (Number(fields[11]) + Number(fields[12])) * 10, peakMiB: Math.round(Number(peak) / 1024) }
}

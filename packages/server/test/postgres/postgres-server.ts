import { type ChildProcess, execFile, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { chownSync, mkdtempSync, readFileSync } from "node:fs"
import { cp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import postgres from "postgres"
import { unusedPort } from "../receiver.ts"
import { choosePostgres } from "./choosing-postgres.ts"
import { postgresSources } from "./postgres-sources.ts"

const run = promisify(execFile)

/** A real PostgreSQL of the tests' own, in a temporary directory, on a port of its own. */
export type PostgresServer = {
  readonly port: number
  /** Of the process whose descendants are all of the server; null while it is halted. */
  pid(): number | null
  /** The URL of a new, empty database. */
  freshDatabase(): Promise<string>
  /** Stops and cuts all sessions, `crash`ing or, quicker to start again, in good order; `start` brings it back. */
  halt(how?: "crash" | "order"): Promise<void>
  start(): Promise<void>
  /** Stops it and removes its data. */
  close(): Promise<void>
}

/** PostgreSQL refuses to run as root: then it runs as another user of the machine. */
type RunAs = { readonly uid: number; readonly gid: number } | null

/**
 * Starts a PostgreSQL server of the tests' own; where its programs come from: choosing-postgres.ts.
 *
 * @throws Error of one line when none can be had: tests must fail then, never skip.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const found = await choosePostgres(postgresSources)
  const runAs = otherUser()
  const directory = mkdtempSync(join(tmpdir(), "tocsin-postgres-"))
  if (runAs !== null) chownSync(directory, runAs.uid, runAs.gid)
  const folder = await runnableIn(found, directory, runAs)
  const data = join(directory, "data")
  const user = runAs ?? {}
  // Collation C and UTF-8 whatever the machine's locale; trust, because it listens on loopback alone.
  const options = ["-D", data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"]
  await run(join(folder, "initdb"), options, { ...user, cwd: directory }).catch(
    (error: Error & { stderr?: string }) => {
      throw new Error(
        `PostgreSQL's initdb failed: ${(error.stderr || error.message).trim().replace(/\s*\n\s*/g, ", ")}`,
      )
    },
  )
  const port = await unusedPort()
  const admin = `postgres://tocsin@127.0.0.1:${port}/postgres`
  let server: ChildProcess | null = null
  let output = ""

  async function start(): Promise<void> {
    const settings = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${directory}`]
    settings.push("max_connections=200", "shared_buffers=128MB", "log_min_messages=fatal")
    const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])]
    output = ""
    const child = spawn(join(folder, "postgres"), args, { ...user, cwd: directory, stdio: ["ignore", "pipe", "pipe"] })
    server = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        output = (output + chunk).slice(-4_000)
      })
    }
    for (let tries = 0; ; tries++) {
      if (child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${output}`)
      const sql = postgres(admin, { max: 1, connect_timeout: 2, onnotice: () => {} })
      try {
        await sql`SELECT 1`
        return
      } catch (error) {
        // After a crash it first syncs and recovers all that the tests have made.
        if (tries > 1_200) throw error
        await delay(50)
      } finally {
        await sql.end({ timeout: 1 })
      }
    }
  }

  async function halt(how: "crash" | "order" = "crash"): Promise<void> {
    const child = server
    server = null
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, "exit")
    // SIGQUIT: "immediate shutdown", without a checkpoint; SIGINT: "fast shutdown", with one. Both cut all sessions.
    child.kill(how === "crash" ? "SIGQUIT" : "SIGINT")
    await ended
  }

  await start()
  return {
    port,
    pid: () => server?.pid ?? null,
    start,
    halt,
    async freshDatabase() {
      const name = `t_${randomBytes(8).toString("hex")}`
      const sql = postgres(admin, { max: 1, onnotice: () => {} })
      try {
        await sql.unsafe(`CREATE DATABASE ${name}`)
      } finally {
        await sql.end({ timeout: 1 })
      }
      return `postgres://tocsin@127.0.0.1:${port}/${name}`
    },
    async close() {
      await halt()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/**
 * Where the programs can be run from as that user: npm may have put them where nobody but root comes, as below /root.
 */
async function runnableIn(folder: string, directory: string, runAs: RunAs): Promise<string> {
  if (runAs === null) return folder
  try {
    await run(join(folder, "initdb"), ["--version"], { ...runAs, cwd: directory })
    return folder
  } catch {
    const copy = join(directory, "programs")
    await cp(join(folder, ".."), copy, { recursive: true, verbatimSymlinks: true })
    return join(copy, "bin")
  }
}

function otherUser(): RunAs {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync("/etc/passwd", "utf8").split("\n")
  for (const name of ["postgres", "nobody"]) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(":")
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  throw new Error("PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as.")
}

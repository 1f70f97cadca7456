import { type ChildProcess, execFile, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
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

/** One that has a directory, and nothing more yet: `close` ends it also while it is being opened. */
export type PreparedPostgres = PostgresServer & {
  /** Makes its data and starts it. To be called once. */
  open(): Promise<void>
}

/**
 * Starts a PostgreSQL server of the tests' own; where its programs come from: choosing-postgres.ts.
 *
 * @throws Error of one line when none can be had: tests must fail then, never skip.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const server = await preparePostgres()
  try {
    await server.open()
  } catch (error) {
    await server.close()
    throw error
  }
  return server
}

/** For those who must see to its end before anything runs. @throws as `startPostgres` does */
export async function preparePostgres(): Promise<PreparedPostgres> {
  const found = await choosePostgres(postgresSources)
  const runAs = otherUser()
  const port = await unusedPort()
  // Last, with nothing awaited behind it: whoever gets this can remove it.
  const directory = mkdtempSync(join(tmpdir(), "tocsin-postgres-"))
  if (runAs !== null) chownSync(directory, runAs.uid, runAs.gid)
  const data = join(directory, "data")
  const user = runAs ?? {}
  const admin = `postgres://tocsin@127.0.0.1:${port}/postgres`
  const closing = new AbortController()
  let folder = found
  let opening: Promise<void> = Promise.resolve()
  let server: ChildProcess | null = null
  /** Of the process that was started last, which may still be ending. */
  let ended: Promise<unknown> = Promise.resolve()
  let output = ""

  async function initialize(): Promise<void> {
    folder = await runnableIn(found, directory, runAs)
    closing.signal.throwIfAborted()
    // Collation C and UTF-8 whatever the machine's locale; trust, because it listens on loopback alone.
    const options = ["-D", data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"]
    await run(join(folder, "initdb"), options, { ...user, cwd: directory }).catch(
      (error: Error & { stderr?: string }) => {
        throw new Error(
          `PostgreSQL's initdb failed: ${(error.stderr || error.message).trim().replace(/\s*\n\s*/g, ", ")}`,
        )
      },
    )
    await start()
  }

  async function start(): Promise<void> {
    closing.signal.throwIfAborted()
    const settings = [`port=${port}`, "listen_addresses=127.0.0.1", `unix_socket_directories=${directory}`]
    settings.push("max_connections=200", "shared_buffers=128MB", "log_min_messages=fatal")
    const args = ["-D", data, ...settings.flatMap((setting) => ["-c", setting])]
    output = ""
    const child = spawn(join(folder, "postgres"), args, { ...user, cwd: directory, stdio: ["ignore", "pipe", "pipe"] })
    server = child
    ended = new Promise((resolve) => child.once("exit", resolve))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        output = (output + chunk).slice(-4_000)
      })
    }
    for (let tries = 0; ; tries++) {
      if (hasEnded(child)) throw new Error(`PostgreSQL did not start: ${output}`)
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
    if (child === null || hasEnded(child)) return
    // SIGQUIT: "immediate shutdown", without a checkpoint; SIGINT: "fast shutdown", with one. Both cut all sessions.
    child.kill(how === "crash" ? "SIGQUIT" : "SIGINT")
    await ended
  }

  return {
    port,
    pid: () => server?.pid ?? null,
    open() {
      opening = initialize()
      return opening
    },
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
      closing.abort()
      await halt()
      // What makes the data ends by itself, soon, and must not write where all has been removed.
      await Promise.all([ended, opening.catch(() => undefined)])
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
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

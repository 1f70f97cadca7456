import { execFileSync } from "node:child_process"
import { type PostgresServer, preparePostgres } from "../../packages/server/test/postgres/postgres-server.ts"
import type { CleaningUp } from "../load/cleaning-up.ts"

/** One PostgreSQL server for all that need one, each with a database of its own. Durable as it comes: fsync, synchronous commits. */
export class Databases {
  readonly #cleaning: CleaningUp
  readonly #say: (line: string) => void
  #server: Promise<PostgresServer> | null = null
  #version: string | null = null

  constructor(cleaning: CleaningUp, say: (line: string) => void) {
    this.#cleaning = cleaning
    this.#say = say
  }

  /** A new database, and the process of its server. */
  async fresh(): Promise<{ readonly url: string; readonly pid: number }> {
    if (this.#server === null) {
      this.#say("starting PostgreSQL")
      this.#server = this.#open()
    }
    const server = await this.#server
    const pid = server.pid()
    if (pid === null) throw new Error("PostgreSQL has ended")
    this.#version ??= execFileSync(`/proc/${pid}/exe`, ["--version"], { encoding: "utf8" }).trim().split(" ")[2] ?? null
    return { url: await server.freshDatabase(), pid }
  }

  async #open(): Promise<PostgresServer> {
    const server = await preparePostgres()
    // Before it is opened: an interrupt while it is being made finds it.
    this.#cleaning.later(() => server.close())
    await server.open()
    return server
  }

  /** Null when none was needed. */
  version(): string | null {
    return this.#version
  }
}

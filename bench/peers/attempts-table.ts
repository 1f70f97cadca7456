import { Pool } from "pg"
import type { Posted } from "../load/signed-post.ts"
import { succeeded } from "./peer.ts"

export type Attempt = { readonly delivery: string; readonly number: number; readonly posted: Posted }

type Waiting = { readonly attempt: Attempt; readonly resolve: () => void; readonly reject: (error: unknown) => void }

/** While so many inserts are under way, attempts gather for the next. */
const insertsAtOnce = 2

/**
 * The table of attempts of the peers on PostgreSQL. Attempts that end within the same few milliseconds share one insert,
 * and so one commit: what a user who has measured once would do.
 */
export class AttemptsTable {
  readonly #pool: Pool
  readonly #recorded: (attempts: number) => void
  #waiting: Waiting[] = []
  #underWay = 0

  constructor(connectionString: string, recorded: (attempts: number) => void) {
    this.#pool = new Pool({ connectionString, max: insertsAtOnce })
    this.#recorded = recorded
  }

  async create(): Promise<void> {
    await this.#pool.query(`CREATE TABLE attempts (
      delivery text NOT NULL, number int NOT NULL, at_ms bigint NOT NULL, duration_ms real NOT NULL,
      status_code int NOT NULL, detail text NOT NULL, PRIMARY KEY (delivery, number))`)
  }

  /** Resolves once the attempt is committed. */
  add(attempt: Attempt): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ attempt, resolve, reject })
      // What ends in the same turn of the event loop goes together.
      setImmediate(() => void this.#insert())
    })
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  async #insert(): Promise<void> {
    if (this.#waiting.length === 0 || this.#underWay >= insertsAtOnce) return
    const waiting = this.#waiting
    this.#waiting = []
    this.#underWay++
    const attempts = waiting.map(({ attempt }) => attempt)
    try {
      await this.#pool.query(
        `INSERT INTO attempts SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[], $4::real[], $5::int[], $6::text[])
         ON CONFLICT DO NOTHING`,
        [
          attempts.map(({ delivery }) => delivery),
          attempts.map(({ number }) => number),
          attempts.map(({ posted }) => posted.atMs),
          attempts.map(({ posted }) => posted.durationMs),
          attempts.map(({ posted }) => posted.statusCode),
          attempts.map(({ posted }) =>
            JSON.stringify([posted.requestHeaders, posted.responseHeaders, posted.responseBody]),
          ),
        ],
      )
      this.#recorded(attempts.filter(({ posted }) => succeeded(posted)).length)
      for (const { resolve } of waiting) resolve()
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    } finally {
      this.#underWay--
      void this.#insert()
    }
  }
}

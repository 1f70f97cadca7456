import { text } from "./columns.ts"
import { jobLock, lockClass } from "./migrate.ts"
import type { Runner, SessionPool } from "./session.ts"

const dayMs = 86_400_000
const dayMinutes = 1_440

/** The tables that grow with time, in the order in which statements of the engine lock them. */
export const partitioned = ["events", "deliveries", "attempts", "webhook_minutes"] as const
export type Partitioned = (typeof partitioned)[number]

/** Minutes are written over and over: room in the page keeps the new version beside the old one. */
const storage: Readonly<Record<Partitioned, string>> = {
  events: "",
  deliveries: "",
  attempts: "",
  webhook_minutes: "WITH (fillfactor = 50)",
}

export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs)
}

export function startOfDayMs(day: number): number {
  return day * dayMs
}

export function nameOfDay(day: number): string {
  return new Date(startOfDayMs(day)).toISOString().slice(0, 10).replaceAll("-", "")
}

function createTable(table: Partitioned, name: string): string {
  return `CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS) ${storage[table]}`
}

function attachPartition(table: Partitioned, day: number): string {
  const { from, to } = spanOf(table, day)
  return `ALTER TABLE ${table} ATTACH PARTITION ${table}_${nameOfDay(day)} FOR VALUES FROM (${from}) TO (${to})`
}

function spanOf(table: Partitioned, day: number): { readonly by: string; readonly from: number; readonly to: number } {
  return table === "webhook_minutes"
    ? { by: "minute", from: day * dayMinutes, to: (day + 1) * dayMinutes }
    : { by: "minted_ms", from: startOfDayMs(day), to: startOfDayMs(day + 1) }
}

/**
 * A table that takes the place of a day's partition. All that takes long is done while the old one still stands: what
 * `replace` does of it would keep everybody from all days, for attaching locks the whole table.
 */
export class Successor {
  readonly name: string
  readonly #run: Runner["run"]
  readonly #table: Partitioned
  readonly #day: number

  constructor(run: Runner["run"], table: Partitioned, day: number) {
    this.#run = run
    this.#table = table
    this.#day = day
    this.name = `kept_${table}_${nameOfDay(day)}`
  }

  /** Its rows are held to their day as they come, so that attaching need not look at them. */
  async create(): Promise<void> {
    const { by, from, to } = spanOf(this.#table, this.#day)
    await this.#run(createTable(this.#table, this.name))
    await this.#run(
      `ALTER TABLE ${this.name} ADD CONSTRAINT of_its_day CHECK (${by} >= ${from}::bigint AND ${by} < ${to}::bigint)`,
    )
  }

  /** Once it is filled: attaching takes those that it finds, and builds the others. */
  async buildIndexes(): Promise<void> {
    const wanted = await this.#run(
      `SELECT CASE WHEN c.oid IS NOT NULL THEN 'ALTER TABLE ${this.name} ADD ' || pg_get_constraintdef(c.oid)
         ELSE 'CREATE INDEX ON ${this.name} USING ' || split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2)
         END AS statement
       FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.conrelid = i.indrelid
       WHERE i.indrelid = '${this.#table}'::regclass`,
    )
    for (const row of wanted) await this.#run(text(row, "statement"))
  }

  /** Once the old one is gone. */
  async replace(): Promise<void> {
    const partition = `${this.#table}_${nameOfDay(this.#day)}`
    await this.#run(`ALTER TABLE ${this.name} RENAME TO ${partition}`)
    await this.#run(attachPartition(this.#table, this.#day))
    await this.#run(`ALTER TABLE ${partition} DROP CONSTRAINT of_its_day`)
  }
}

/**
 * A partition a day of each of the tables that grow. Made when the first row of a day is written, and a day
 * ahead. Attached rather than created in place: that would lock the whole table against readers and writers.
 */
export class Partitions {
  readonly #sessions: SessionPool
  #known = new Set<number>()
  #making: Promise<void> = Promise.resolve()

  constructor(sessions: SessionPool) {
    this.#sessions = sessions
  }

  has(day: number): boolean {
    return this.#known.has(day)
  }

  /** Resolves when rows of these days can be written. */
  async ensure(days: Iterable<number>): Promise<void> {
    const missing = [...new Set(days)].filter((day) => !this.#known.has(day))
    if (missing.length === 0) return
    const making = this.#making.then(() => this.#make(missing))
    this.#making = making.catch(() => undefined)
    await making
  }

  /** After a partition was found gone, or may have been dropped by retention. @param before only days before this one */
  forget(before = Number.POSITIVE_INFINITY): void {
    this.#known = new Set([...this.#known].filter((day) => day >= before))
  }

  async #make(days: readonly number[]): Promise<void> {
    const wanted = days.filter((day) => !this.#known.has(day)).sort((a, b) => a - b)
    if (wanted.length === 0) return
    await this.#sessions.transaction(async (run) => {
      await run(`SELECT pg_advisory_xact_lock(${lockClass.jobs}, ${jobLock.partitions})`)
      for (const day of wanted)
        for (const table of partitioned) {
          const name = `${table}_${nameOfDay(day)}`
          const found = await run(`SELECT to_regclass('${name}') IS NOT NULL AS found`)
          if (found[0]?.found === true) continue
          await run(createTable(table, name))
          await run(attachPartition(table, day))
        }
    })
    for (const day of wanted) this.#known.add(day)
  }
}

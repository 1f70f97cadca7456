import { jobLock, lockClass } from "./migrate.ts"
import type { SessionPool } from "./session.ts"

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

/** The table that is to become the day's partition, by whatever name. */
export function createTable(table: Partitioned, name: string): string {
  return `CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS) ${storage[table]}`
}

export function attachPartition(table: Partitioned, day: number): string {
  const [from, to] =
    table === "webhook_minutes"
      ? [day * dayMinutes, (day + 1) * dayMinutes]
      : [startOfDayMs(day), startOfDayMs(day + 1)]
  return `ALTER TABLE ${table} ATTACH PARTITION ${table}_${nameOfDay(day)} FOR VALUES FROM (${from}) TO (${to})`
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

import { jobLock, lockClass } from "./migrate.ts"
import type { SessionPool } from "./session.ts"

const dayMs = 86_400_000
export const partitioned = ["events", "deliveries", "attempts"] as const

export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs)
}

export function startOfDayMs(day: number): number {
  return day * dayMs
}

export function nameOfDay(day: number): string {
  return new Date(startOfDayMs(day)).toISOString().slice(0, 10).replaceAll("-", "")
}

/**
 * A partition a day of each of the three tables that grow. Made when the first row of a day is written, and a day
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

  /** After a partition was found gone. */
  forget(): void {
    this.#known = new Set()
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
          await run(`CREATE TABLE ${name} (LIKE ${table} INCLUDING DEFAULTS)`)
          await run(
            `ALTER TABLE ${table} ATTACH PARTITION ${name} FOR VALUES FROM (${startOfDayMs(day)}) TO (${startOfDayMs(day + 1)})`,
          )
        }
    })
    for (const day of wanted) this.#known.add(day)
  }
}

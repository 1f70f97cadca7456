import { readdirSync, readFileSync } from "node:fs"
import { number } from "./columns.ts"
import { codeOf } from "./failure.ts"
import { Session } from "./session.ts"
import { refusalOf, unsuitability } from "./suitability.ts"

const folder = new URL("./migrations/", import.meta.url)
/** Any number that no other program is likely to take. */
export const lockClass = { shards: 0x70c5_1001, jobs: 0x70c5_1002 } as const
export const jobLock = { migrate: 1, partitions: 2, forget: 3, moving: 4 } as const

/**
 * Brings the schema up to this version's. Each file of `migrations/` is applied once, in the order of its number, in a
 * transaction with the number it leads to; an advisory lock makes nodes that start together take turns.
 *
 * @throws Error of one line when the database cannot be reached or does not suit, or was written by a newer version
 */
export async function migrate(url: string): Promise<void> {
  // No limit: building an index over a long history takes as long as it takes.
  const session = new Session(url, { statement_timeout: "0", lock_timeout: "0" }, { answerMaxMs: null })
  const other = new Session(url, {})
  try {
    // Before the lock is asked for, which behind some poolers nobody could let go again.
    const problem = await unsuitability(session, other)
    if (problem !== null) throw new Error(`TOCSIN_DATABASE_URL: the database cannot be used: ${problem}`)
    await other.close()
    await session.run(`SELECT pg_advisory_lock(${lockClass.jobs}, ${jobLock.migrate})`)
    await session.run("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)")
    const rows = await session.run("SELECT coalesce(max(version), 0)::bigint AS version FROM schema_version")
    const have = rows[0] === undefined ? 0 : number(rows[0], "version")
    const files = readdirSync(folder)
      .filter((name) => /^\d{4}_.*\.sql$/.test(name))
      .sort()
    if (have > files.length)
      throw new Error(
        `The database has schema ${have} and this version of Tocsin knows schemas up to ${files.length}. Start the version that wrote it, or a newer one.`,
      )
    for (const [index, name] of files.entries()) {
      if (index < have) continue
      await session.transaction(async (run) => {
        await run(readFileSync(new URL(name, folder), "utf8"))
        await run(`DELETE FROM schema_version`)
        await run(`INSERT INTO schema_version VALUES (${index + 1})`)
      })
    }
  } catch (error) {
    if (codeOf(error) === "") throw error
    throw new Error(`TOCSIN_DATABASE_URL: the database cannot be used: ${refusalOf(error)}`, { cause: error })
  } finally {
    await Promise.all([session.close(), other.close()])
  }
}

import { DatabaseSync } from "node:sqlite"
import type { DataFiles } from "./data-directory.ts"
import { isDamage, resultCode } from "./failure.ts"

/** SQLITE_BUSY: another connection holds the lock. */
const busy = 5

/**
 * Keeps every other process out of the data directory for as long as the lock is open: two engines on one database
 * would each send every delivery. An exclusive transaction on a file of its own, not SQLite's exclusive locking mode
 * on the database, so that a second connection of this process can still read; and not a file with a process id,
 * because the operating system gives this one back whenever the process ends, killed or not.
 *
 * @throws Error that names the directory when it is in use, or the file when it is no lock
 */
export function lockDirectory(files: DataFiles): DatabaseSync {
  const lock = new DatabaseSync(files.lock)
  try {
    lock.exec("BEGIN EXCLUSIVE")
    return lock
  } catch (error) {
    lock.close()
    if (isDamage(error))
      throw new Error(
        `${files.lock} is damaged (${String(error)}). It holds nothing: delete it, when no server runs on that directory.`,
      )
    if (resultCode(error) !== busy) throw error
    throw new Error(
      `The data directory ${files.directory} is in use by another process. Stop that one, or set TOCSIN_DATA_DIR to another directory.`,
    )
  }
}

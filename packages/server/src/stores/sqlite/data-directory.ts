import { accessSync, closeSync, constants, mkdirSync, openSync } from "node:fs"
import { join } from "node:path"

export type DataFiles = { readonly directory: string; readonly database: string; readonly lock: string }

/**
 * Makes the directory (0700) and the files (0600) that do not exist yet; SQLite gives its side files (-wal, -shm)
 * the mode of the database.
 *
 * @throws Error that names the directory when it cannot be made or written
 */
export function prepareDataDirectory(directory: string): DataFiles {
  const files = { directory, database: join(directory, "tocsin.db"), lock: join(directory, "lock.db") }
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    createPrivate(files.database)
    createPrivate(files.lock)
    // SQLite opens what it may not write to read it, without a word; even BEGIN EXCLUSIVE, the lock, then succeeds.
    for (const path of [directory, files.database, files.lock]) accessSync(path, constants.R_OK | constants.W_OK)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The data directory ${directory} cannot be used: ${reason}. Set TOCSIN_DATA_DIR to one that can.`)
  }
  return files
}

function createPrivate(path: string): void {
  try {
    // "wx" never opens a file that exists. It must not: closing any descriptor of a locked file drops the POSIX
    // locks that this process holds on it, a running store's own included.
    closeSync(openSync(path, "wx", 0o600))
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
  }
}

import { DatabaseSync } from "node:sqlite"
import { isDamage } from "./failure.ts"

/**
 * Pages of 4 KiB in the write-ahead log at which a commit finishes the checkpoint itself. The checkpoint thread has by
 * then copied nearly all of them, so little is left to do; only a writer can begin the log anew.
 */
const checkpointPages = 8_000

/**
 * KiB of pages kept by each connection. What is written again and again are the right edges of the indexes, and a few
 * pages for each webhook; the system's own cache is behind it. With 64 and 32 MiB the process took 130 MiB more.
 */
const hotCacheKib = 24_576
const readCacheKib = 8_192

/**
 * Opens the database to write. `synchronous = FULL` syncs the log at each commit: what was answered survives a loss of
 * power, not only a crash.
 *
 * @param sizeMaxBytes the database is taken to be full at this size.
 * @throws Error that names the file when it is no database
 */
export function openToWrite(path: string, sizeMaxBytes: number | null): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000 })
  try {
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${checkpointPages};
      PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -${hotCacheKib}; PRAGMA temp_store = MEMORY`)
  } catch (error) {
    db.close()
    throw isDamage(error) ? new Error(`${path} is damaged (${String(error)}). Restore a backup.`) : error
  }
  if (sizeMaxBytes !== null) db.exec(`PRAGMA max_page_count = ${Math.ceil(sizeMaxBytes / 4096)}`)
  return db
}

/** Opens the database to copy the write-ahead log into it, beside the connection that writes. */
export function openToCheckpoint(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000 })
  db.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0")
  return db
}

/** Opens the database to read, beside the connection that writes. */
export function openToRead(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000, readOnly: true })
  db.exec(`PRAGMA cache_size = -${readCacheKib}; PRAGMA temp_store = MEMORY`)
  return db
}

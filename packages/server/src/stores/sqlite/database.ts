import { DatabaseSync } from "node:sqlite"

/** Pages of 4 KiB; a checkpoint copies them into the database and syncs it, so it should be rare but not long. */
const checkpointPages = 4_000

/**
 * Opens the database to write. `synchronous = FULL` syncs the log at each commit: what was answered survives a loss of
 * power, not only a crash.
 *
 * @param sizeMaxBytes the database is taken to be full at this size.
 */
export function openToWrite(path: string, sizeMaxBytes: number | null): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000 })
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${checkpointPages};
    PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY`)
  if (sizeMaxBytes !== null) db.exec(`PRAGMA max_page_count = ${Math.ceil(sizeMaxBytes / 4096)}`)
  return db
}

/** Opens the database to read, beside the connection that writes. */
export function openToRead(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5_000, readOnly: true })
  db.exec("PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY")
  return db
}

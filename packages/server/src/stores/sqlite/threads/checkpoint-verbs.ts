import { prepareDataDirectory } from "../data-directory.ts"
import { openToCheckpoint } from "../database.ts"

export type CheckpointOptions = { readonly directory: string }

export type CheckpointVerbs = ReturnType<typeof openCheckpointVerbs>

/**
 * Copies the write-ahead log into the database while commits go on. Done by the commits themselves, every few
 * thousand of them would wait tens of milliseconds for the copying (bench/LOG.md).
 */
export function openCheckpointVerbs({ directory }: CheckpointOptions) {
  const db = openToCheckpoint(prepareDataDirectory(directory).database)
  return {
    // Passive: waits for nobody and lets nobody wait. What it cannot copy now, the next one does.
    checkpoint: (_: null) => db.exec("PRAGMA wal_checkpoint(PASSIVE)"),
    close: (_: null) => db.close(),
  }
}

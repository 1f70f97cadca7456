import type { Store } from "../../ports/store.ts"
import { type SqliteBounds, sqliteStoreOver } from "./store-over-threads.ts"
import type { CheckpointVerbs } from "./threads/checkpoint-verbs.ts"
import type { HotOptions, HotVerbs } from "./threads/hot-verbs.ts"
import { Link } from "./threads/link.ts"
import type { LogOptions, LogVerbs } from "./threads/log-verbs.ts"

export type SqliteStoreOptions = SqliteBounds & {
  readonly directory: string
  /** The database is taken to be full at this size; without it, only the disk bounds it. */
  readonly sizeMaxBytes?: number
  /**
   * Called once when a storage thread has ended by itself: from then on every call is refused, and only a new process
   * helps. Not called by `close`.
   */
  readonly onBroken?: (reason: string) => void
}

/**
 * Opens the embedded store: SQLite on two worker threads, one that commits and fills lanes, one that reads the log.
 *
 * @throws Error with one line to act on when the directory is in use, cannot be written, or holds a newer schema
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const hotOptions: HotOptions = { directory: options.directory, sizeMaxBytes: options.sizeMaxBytes ?? null }
  const logOptions: LogOptions = { directory: options.directory }
  let told = false
  const onBroken = (reason: string) => {
    if (!told) options.onBroken?.(reason)
    told = true
  }
  const hot = await Link.start<HotVerbs>(new URL("./threads/hot-worker.ts", import.meta.url), hotOptions, onBroken)
  // These open what the hot one has locked and migrated.
  const [log, checkpoint] = await Promise.all([
    Link.start<LogVerbs>(new URL("./threads/log-worker.ts", import.meta.url), logOptions, onBroken),
    Link.start<CheckpointVerbs>(new URL("./threads/checkpoint-worker.ts", import.meta.url), logOptions, onBroken),
  ]).catch(async (error) => {
    await hot.close()
    throw error
  })

  const store = sqliteStoreOver({ hot, log, checkpoint }, options)
  return {
    ...store,
    close() {
      told = true
      return store.close()
    },
  }
}

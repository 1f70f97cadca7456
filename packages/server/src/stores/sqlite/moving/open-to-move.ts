import { existsSync } from "node:fs"
import { join } from "node:path"
import type { DatabaseSync } from "node:sqlite"
import { completeBooks } from "../books.ts"
import { prepareDataDirectory } from "../data-directory.ts"
import { openToWrite } from "../database.ts"
import { lockDirectory } from "../lock.ts"
import { migrate } from "../migrate.ts"

export type Moving = { readonly db: DatabaseSync; close(): void }

/**
 * Takes the directory for this process alone and brings its schema and its books up to date, as the server does.
 *
 * @param make whether a directory without a database is to get one.
 * @throws Error of one line when the directory is in use, cannot be used, or holds a newer schema
 */
export function openToMove(directory: string, make: boolean): Moving {
  if (!make && !existsSync(join(directory, "tocsin.db")))
    throw new Error(`The data directory ${directory} holds no database. Set TOCSIN_DATA_DIR to the server's.`)
  const files = prepareDataDirectory(directory)
  const lock = lockDirectory(files)
  try {
    const db = openToWrite(files.database, null)
    try {
      migrate(db, directory)
      completeBooks(db)
    } catch (error) {
      db.close()
      throw error
    }
    return {
      db,
      close() {
        db.close()
        lock.close()
      },
    }
  } catch (error) {
    lock.close()
    throw error
  }
}

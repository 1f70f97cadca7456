import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { prepareDataDirectory } from "../data-directory.ts"
import { lockDirectory } from "../lock.ts"
import { knownSchema, schemaOf } from "../migrate.ts"
import { type BackupContents, dropContents, readContents } from "./contents.ts"
import { type Copied, copyDatabase, refuseDamaged, sync } from "./copying.ts"
import { type Counts, countsIn, sealedIn } from "./counting.ts"

/** A backup that was looked into and found whole. */
export type OpenBackup = BackupContents & {
  readonly counts: Counts
  readonly schema: number
  /** What a server that starts on it will open with the encryption key. */
  readonly sealed: readonly string[]
  /**
   * Makes a data directory of it. `files` are written as well, each only where there is none of its name.
   * @throws Error of one line when the directory has been used
   */
  restore(directory: string, files: Readonly<Record<string, string>>, how: Restoring): Promise<void>
  close(): void
}

type Restoring = { readonly said: Copied; readonly signal: AbortSignal }

/** @throws Error of one line when it is no backup, is damaged, or comes from a newer version */
export function openBackup(path: string): OpenBackup {
  if (!existsSync(path)) throw new Error(`There is no file ${path}.`)
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const contents = contentsOf(db, path)
    refuseDamaged(db, path)
    const schema = schemaOf(db)
    if (schema > knownSchema())
      throw new Error(`${path} was made by Tocsin ${contents.version}, which is newer. Restore it with that version.`)
    return {
      ...contents,
      counts: countsIn(db),
      schema,
      sealed: sealedIn(db),
      restore: (directory, files, how) => restoreTo(directory, db, files, how),
      close: () => db.close(),
    }
  } catch (error) {
    db.close()
    throw error
  }
}

function contentsOf(db: DatabaseSync, path: string): BackupContents {
  let contents: BackupContents | null
  try {
    contents = readContents(db)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${path} cannot be read as a backup: ${reason}`, { cause: error })
  }
  if (contents === null) throw new Error(`${path} is a database, but not one that \`tocsin backup\` wrote.`)
  return contents
}

/** @throws Error of one line when a server has used the directory */
export function refuseUsed(directory: string): void {
  const database = join(directory, "tocsin.db")
  if (existsSync(database) && statSync(database).size > 0)
    throw new Error(
      `The data directory ${directory} holds a database already. Nothing is overwritten: set TOCSIN_DATA_DIR to a new directory, or move the old one away.`,
    )
}

async function restoreTo(
  directory: string,
  db: DatabaseSync,
  files: Readonly<Record<string, string>>,
  { said, signal }: Restoring,
): Promise<void> {
  refuseUsed(directory)
  const data = prepareDataDirectory(directory)
  // No server may start on it before it is whole.
  const lock = lockDirectory(data)
  const partial = join(directory, "tocsin.db.restoring")
  try {
    refuseUsed(directory)
    refuseOthers(directory, files)
    rmSync(partial, { force: true })
    writeFileSync(partial, "", { mode: 0o600, flag: "wx" })
    await copyDatabase(db, partial, { said, signal })
    const copy = new DatabaseSync(partial)
    try {
      dropContents(copy)
    } finally {
      copy.close()
    }
    sync(partial)
    for (const [name, content] of Object.entries(files)) {
      const path = join(directory, name)
      if (!existsSync(path)) writeFileSync(path, content, { mode: 0o600, flag: "wx", flush: true })
    }
    // What SQLite would take for the rest of the database, were it there.
    for (const side of ["-wal", "-shm", "-journal"]) rmSync(data.database + side, { force: true })
    // Last: with it the directory is a server's.
    renameSync(partial, data.database)
    sync(directory)
  } finally {
    for (const left of [partial, `${partial}-journal`]) rmSync(left, { force: true })
    lock.close()
  }
}

/** A file that is there with other content belongs to something else than this backup. */
function refuseOthers(directory: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name)
    if (existsSync(path) && readFileSync(path, "utf8") !== content)
      throw new Error(`${path} is there and differs from the backup's. Restore into an empty directory.`)
  }
}

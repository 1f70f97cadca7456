import { existsSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { completeBooks, hasBooksToComplete } from "../books.ts"
import { openToRead } from "../database.ts"
import { knownSchema, schemaOf } from "../migrate.ts"
import { writeContents } from "./contents.ts"
import { type Copied, copyDatabase, refuseDamaged, sync } from "./copying.ts"
import { type Counts, countsIn } from "./counting.ts"

export type BackupOptions = {
  /** The data directory, of a server that runs or not. */
  readonly directory: string
  /** Where the backup will be. It appears there whole, or not at all. */
  readonly path: string
  readonly version: string
  now(): number
  /** Small files that go along, by name; read after the database, so that they open all that is sealed in it. */
  files(): Readonly<Record<string, string>>
  readonly said: Copied
  readonly signal: AbortSignal
}

export type BackedUp = Counts & { readonly madeAtMs: number; readonly schema: number; readonly sizeBytes: number }

/**
 * Writes a backup of an embedded store, checked and durable.
 *
 * @throws Error of one line when there is nothing to back up, the path is taken, or the copy is damaged
 */
export async function backUp(options: BackupOptions): Promise<BackedUp> {
  const { directory, path } = options
  const database = join(directory, "tocsin.db")
  if (!existsSync(database))
    throw new Error(`The data directory ${directory} holds no database. Set TOCSIN_DATA_DIR to the server's.`)
  if (existsSync(path)) throw new Error(`${path} exists. A backup never overwrites another: name a new file.`)
  const partial = `${path}.${process.pid}.partial`
  try {
    // For its owner alone from its first byte on.
    writeFileSync(partial, "", { mode: 0o600, flag: "wx" })
    const backedUp = await copyTo(partial, database, options)
    sync(partial)
    renameSync(partial, path)
    sync(dirname(path))
    return { ...backedUp, sizeBytes: statSync(path).size }
  } finally {
    for (const left of [partial, `${partial}-journal`, `${partial}-wal`, `${partial}-shm`])
      rmSync(left, { force: true })
  }
}

async function copyTo(
  partial: string,
  database: string,
  { directory, version, now, files, said, signal }: BackupOptions,
): Promise<Omit<BackedUp, "sizeBytes">> {
  const source = openToRead(database)
  const madeAtMs = now()
  try {
    const schema = schemaOf(source)
    if (schema === 0) throw new Error(`${directory} holds a database without any data: there is nothing to back up.`)
    if (schema > knownSchema())
      throw new Error(
        `The database in ${directory} was written by a newer version of Tocsin. Back it up with that one.`,
      )
    await copyDatabase(source, partial, { said, signal })
  } finally {
    source.close()
  }
  const copy = new DatabaseSync(partial)
  try {
    // A file by itself, without the write-ahead log beside it; the server changes that back.
    copy.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA")
    if (hasBooksToComplete(copy)) completeBooks(copy)
    writeContents(copy, { madeAtMs, version, files: files() })
    refuseDamaged(copy, "The copy")
    return { ...countsIn(copy), madeAtMs, schema: schemaOf(copy) }
  } finally {
    copy.close()
  }
}

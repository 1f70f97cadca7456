import type { DatabaseSync } from "node:sqlite"
import { number, reader, text, writer } from "../prepared.ts"

/**
 * A backup is one file: a copy of the database with a table more, which says what it is and holds the small files of the
 * data directory. So nothing that belongs together can be separated, and nothing has to be unpacked to be checked.
 */
export type BackupContents = {
  /** Unix ms of the moment that the copy shows. */
  readonly madeAtMs: number
  /** Of the Tocsin that made it. */
  readonly version: string
  /** By name, as in the data directory. */
  readonly files: Readonly<Record<string, string>>
}

const format = 1

/** @throws Error of SQLite's */
export function writeContents(db: DatabaseSync, { madeAtMs, version, files }: BackupContents): void {
  db.exec(`BEGIN IMMEDIATE;
    CREATE TABLE backup (format INTEGER NOT NULL, made_at_ms INTEGER NOT NULL, version TEXT NOT NULL);
    CREATE TABLE backup_files (name TEXT NOT NULL PRIMARY KEY, content TEXT NOT NULL)`)
  writer(db, "INSERT INTO backup VALUES (?, ?, ?)")(format, madeAtMs, version)
  const add = writer(db, "INSERT INTO backup_files VALUES (?, ?)")
  for (const [name, content] of Object.entries(files)) add(name, content)
  db.exec("COMMIT")
}

/** @returns null for a database that is no backup. @throws Error for a backup of a later format */
export function readContents(db: DatabaseSync): BackupContents | null {
  const tables = reader(db, "SELECT count(*) FROM sqlite_schema WHERE name IN ('backup', 'backup_files')").row()
  if (tables?.[0] !== 2) return null
  const row = reader(db, "SELECT format, made_at_ms, version FROM backup").row()
  if (row === undefined) return null
  if (number(row[0]) !== format)
    throw new Error(
      `It has the format ${row[0]}, and this version of Tocsin knows ${format}. Use the one that made it.`,
    )
  const files = reader(db, "SELECT name, content FROM backup_files").rows()
  return {
    madeAtMs: number(row[1]),
    version: text(row[2]),
    files: Object.fromEntries(files.map(([name, content]) => [text(name), text(content)])),
  }
}

/** What is left is a database like any other. */
export function dropContents(db: DatabaseSync): void {
  db.exec("BEGIN IMMEDIATE; DROP TABLE backup; DROP TABLE backup_files; COMMIT")
}

import { readdirSync, readFileSync } from "node:fs"
import type { DatabaseSync } from "node:sqlite"

const folder = new URL("./migrations/", import.meta.url)

/**
 * Brings the schema up to this version's. Each file of `migrations/` is applied once, in the order of its number,
 * in a transaction with the number it leads to.
 *
 * @throws Error when the database was written by a newer version: what that one means is not known here
 */
export function migrate(db: DatabaseSync, directory: string): void {
  const files = migrationFiles()
  const have = schemaOf(db)
  if (have > files.length)
    throw new Error(
      `The database in ${directory} has schema ${have} and this version of Tocsin knows schemas up to ${files.length}. Start the version that wrote it, or a newer one.`,
    )
  for (const [index, name] of files.entries()) {
    if (index < have) continue
    db.exec(
      `BEGIN IMMEDIATE; ${readFileSync(new URL(name, folder), "utf8")}; PRAGMA user_version = ${index + 1}; COMMIT`,
    )
  }
}

/** The schema that this version of Tocsin brings databases to. */
export function knownSchema(): number {
  return migrationFiles().length
}

/** 0 for a database that was never brought to any. */
export function schemaOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version)
}

function migrationFiles(): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}_.*\.sql$/.test(name))
    .sort()
}

import type { Command } from "commander"
import postgres from "postgres"
import { readConfig } from "../../config.ts"
import { migrate as migratePostgres } from "../../stores/postgres/migrate.ts"
import { prepareDataDirectory } from "../../stores/sqlite/data-directory.ts"
import { openToWrite } from "../../stores/sqlite/database.ts"
import { lockDirectory } from "../../stores/sqlite/lock.ts"
import { migrate as migrateSqlite } from "../../stores/sqlite/migrate.ts"
import { withJson } from "../calling/connection.ts"
import { settingsWithoutKey } from "../reading/settings-without-key.ts"
import type { Terminal } from "../running/terminal.ts"
import { present } from "../showing/present.ts"
import { withExamples } from "../showing/teaching.ts"

type Migrated = {
  readonly store: "sqlite" | "postgres"
  /** 0 for a database that did not exist. */
  readonly schema_before: number
  readonly schema_after: number
}

/** `tocsin migrate`: brings the configured database up to this version, and ends. */
export function addMigrate(program: Command, terminal: Terminal): void {
  const command = program
    .command("migrate")
    .summary("bring the database up to this version")
    .description(
      "Bring the database that the settings name (TOCSIN_DATA_DIR or TOCSIN_DATABASE_URL) up to this version, and end. The server does the same when it starts; this is for whoever wants it done before, such as a deployment's own step. Back up first: an older version refuses a newer database.",
    )
    .action(async (options: { readonly json?: boolean }) => {
      // Neither seals nor checks anything, so that PostgreSQL's encryption key need not be known to whoever migrates.
      const config = readConfig(settingsWithoutKey(terminal.environment))
      const migrated =
        config.databaseUrl === null ? migrateDirectory(config.dataDir) : await migrateDatabase(config.databaseUrl)
      present(terminal, options, migrated, () => told(migrated))
    })
  withJson(command)
  withExamples(command, [
    ["The embedded database", "TOCSIN_DATA_DIR=/var/lib/tocsin tocsin migrate"],
    ["PostgreSQL, before the new version's nodes start", "TOCSIN_DATABASE_URL=postgres://db/tocsin tocsin migrate"],
  ])
}

/** @throws Error of one line when the directory is in use or holds a newer schema */
function migrateDirectory(directory: string): Migrated {
  const files = prepareDataDirectory(directory)
  const lock = lockDirectory(files)
  try {
    const database = openToWrite(files.database, null)
    try {
      const version = () => Number(database.prepare("PRAGMA user_version").get()?.user_version)
      const before = version()
      migrateSqlite(database, directory)
      return { store: "sqlite", schema_before: before, schema_after: version() }
    } finally {
      database.close()
    }
  } finally {
    lock.close()
  }
}

/** @throws Error of one line when the database cannot be reached or holds a newer schema */
async function migrateDatabase(url: string): Promise<Migrated> {
  const before = await schemaOf(url)
  await migratePostgres(url)
  return { store: "postgres", schema_before: before ?? 0, schema_after: (await schemaOf(url)) ?? 0 }
}

/** Null also where the database cannot be reached: the migration then says why, in words made for it. */
async function schemaOf(url: string): Promise<number | null> {
  const driver = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => {} })
  try {
    const [there] = await driver.unsafe("SELECT to_regclass('schema_version') IS NOT NULL AS there")
    if (there?.there !== true) return null
    const [row] = await driver.unsafe("SELECT coalesce(max(version), 0) AS version FROM schema_version")
    return Number(row?.version ?? 0)
  } catch {
    return null
  } finally {
    await driver.end({ timeout: 5 })
  }
}

function told({ store, schema_before: before, schema_after: after }: Migrated): string {
  if (before === after) return `Nothing to do: the ${store} database has schema ${after}, this version's.\n`
  return `Brought the ${store} database from schema ${before} to ${after}.\n`
}

import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { openSqliteExporting } from "../../src/stores/sqlite/moving/exporting.ts"
import { openSqliteImporting } from "../../src/stores/sqlite/moving/importing.ts"
import { openSqliteStore } from "../../src/stores/sqlite/open-sqlite-store.ts"
import type { Place } from "./lived-in.ts"

const directories: string[] = []
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))))

/** An embedded database of its own, empty. */
export async function newSqlitePlace(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "tocsin-moving-"))
  directories.push(directory)
  return {
    store: () => openSqliteStore({ directory }),
    exporting: async () => openSqliteExporting(directory),
    importing: async () => openSqliteImporting(directory),
  }
}

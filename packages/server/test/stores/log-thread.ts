import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"
import { openSqliteStore } from "../../src/stores/sqlite/open-sqlite-store.ts"
import { openLogVerbs } from "../../src/stores/sqlite/threads/log-verbs.ts"
import { Story } from "../contracts/store-fixtures.ts"

/** A store, and what its log thread answers, asked here: until the test ends. */
export async function withLogThread() {
  const directory = await mkdtemp(join(tmpdir(), "tocsin-log-"))
  const store = await openSqliteStore({ directory })
  const log = openLogVerbs({ directory })
  onTestFinished(async () => {
    log.close(null)
    await store.close()
    await rm(directory, { recursive: true })
  })
  return { store, log, story: await Story.of(store) }
}

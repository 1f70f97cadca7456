import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { openSqliteStore } from "../../src/stores/sqlite/open-sqlite-store.ts"
import { storeContract } from "./store-contract.ts"

const directories: string[] = []
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))))

storeContract("sqlite", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tocsin-store-"))
  directories.push(directory)
  return openSqliteStore({ directory })
})

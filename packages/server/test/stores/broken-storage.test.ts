import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Worker } from "node:worker_threads"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { StoreUnavailable } from "../../src/ports/store.ts"
import { openSqliteStore } from "../../src/stores/sqlite/open-sqlite-store.ts"
import { Story } from "../contracts/store-fixtures.ts"

let directory: string
const workers: Worker[] = []
const collect = (worker: Worker) => workers.push(worker)

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tocsin-broken-"))
  workers.length = 0
  process.on("worker", collect)
})
afterEach(async () => {
  process.off("worker", collect)
  await rm(directory, { recursive: true })
})

describe("a storage thread that ends by itself", () => {
  test.each([
    ["the one that commits", 0],
    ["the one that reads the log", 1],
    ["the one that makes checkpoints", 2],
  ])("%s is reported, once", async (_which, index) => {
    const reasons: string[] = []
    const broken = Promise.withResolvers<void>()
    const store = await openSqliteStore({
      directory,
      onBroken: (reason) => {
        reasons.push(reason)
        broken.resolve()
      },
    })
    expect(workers).toHaveLength(3)
    await workers[index]?.terminate()
    await broken.promise
    expect(reasons).toEqual([expect.stringContaining("Start the process again")])
    // The other threads ending as well is nothing new.
    await Promise.all(workers.map((worker) => worker.terminate()))
    await store.close()
    expect(reasons).toHaveLength(1)
  })

  test("leaves nobody waiting, told of or not", async () => {
    const store = await openSqliteStore({ directory })
    const story = await Story.of(store)
    await workers[0]?.terminate()
    await expect(story.delivery()).rejects.toBeInstanceOf(StoreUnavailable)
    await Promise.all(workers.map((worker) => worker.terminate()))
    await store.close()
  })

  test("is not one that was closed", async () => {
    const reasons: string[] = []
    const store = await openSqliteStore({ directory, onBroken: (reason) => reasons.push(reason) })
    const ended = Promise.all(workers.map((worker) => once(worker, "exit")))
    await store.close()
    await ended
    expect(reasons).toEqual([])
  })
})

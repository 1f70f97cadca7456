import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { EventId } from "../../src/domain/ids.ts"
import type { DatabaseUse } from "../../src/ports/metrics.ts"
import { type Store, StoreUnavailable } from "../../src/ports/store.ts"
import { openSqliteStore } from "../../src/stores/sqlite/open-sqlite-store.ts"
import { newEvent, past, Story } from "../contracts/store-fixtures.ts"
import { damageFirstRowsOf } from "./damage-to.ts"

let directory: string
let store: Store
const found: [DatabaseUse, string][] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tocsin-damage-"))
  found.length = 0
  await open()
})
afterEach(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

async function open(): Promise<void> {
  store = await openSqliteStore({ directory, onDamaged: (...damage) => found.push(damage) })
}

async function damage(table: string): Promise<void> {
  await store.close()
  damageFirstRowsOf(table, directory)
  await open()
}

/** Two workspaces' deliveries that wait, the first one's events on pages of their own. */
async function twoStories() {
  const first = await Story.of(store)
  const second = await Story.of(store)
  const events: EventId[] = []
  for (const story of [first, second])
    for (let n = 0; n < 60; n++) {
      const event = newEvent({ to: [story.webhookId], body: JSON.stringify({ data: "x".repeat(1_000) }) })
      events.push(event.id)
      await story.accept(event)
    }
  return { first, second, event: events[0] }
}

const head = ({ workspaceId, webhookId }: Story) => store.waiting({ workspaceId, webhookId, limit: 5, read: "head" })

test("what lies on a damaged page cannot be sent, and that is told; all else goes on", async () => {
  const { first, second } = await twoStories()
  await damage("events")
  expect(await store.ready()).toBeNull()
  await expect(head(first)).rejects.toBeInstanceOf(StoreUnavailable)
  await expect(head(first)).rejects.toThrow("The database is damaged (database disk image is malformed).")
  expect(found).toEqual([["sending", "The database is damaged (database disk image is malformed)."]])
  expect(await store.ready()).toContain("The database is damaged")
  expect(await head(second)).toHaveLength(5)
  expect(
    await store.accept({ workspaceId: second.workspaceId, events: [newEvent({ to: [second.webhookId] })] }),
  ).toMatchObject({
    outcome: "accepted",
  })
})

test("damage that only the log has met is told, and keeps nobody from publishing", async () => {
  const { first, event } = await twoStories()
  await damage("events")
  if (event === undefined) throw new Error("there is no event")
  await expect(store.event(first.workspaceId, event)).rejects.toBeInstanceOf(StoreUnavailable)
  expect(found).toEqual([["looking", expect.stringContaining("damaged")]])
  expect(await store.ready()).toBeNull()
})

test("damage that only retention has met is told, and keeps nobody from publishing", async () => {
  const { second } = await twoStories()
  await damage("events")
  await expect(store.forget(past(Number.MAX_SAFE_INTEGER), 100)).rejects.toBeInstanceOf(StoreUnavailable)
  expect(found).toEqual([["removing", expect.stringContaining("damaged")]])
  expect(await store.ready()).toBeNull()
  expect(await head(second)).toHaveLength(5)
})

test("an outcome that cannot be written takes none of those with it that share its commit", async () => {
  const { first, second } = await twoStories()
  const [[stuck], [good]] = [await head(first), await head(second)]
  if (stuck === undefined || good === undefined) throw new Error("nothing waits")
  await damage("deliveries")
  const outcome = ({ workspaceId, webhookId }: Story, deliveryId: typeof good.id) =>
    store.settle({ workspaceId, webhookId, deliveryId, atMs: 1, attempt: null, next: { state: "cancelled" } })
  const [lost, kept, accepted] = await Promise.allSettled([
    outcome(first, stuck.id),
    outcome(second, good.id),
    store.accept({ workspaceId: second.workspaceId, events: [newEvent({ to: [second.webhookId] })] }),
  ])
  expect(lost).toMatchObject({ status: "rejected", reason: expect.any(StoreUnavailable) })
  expect(kept).toMatchObject({ status: "fulfilled", value: true })
  expect(accepted).toMatchObject({ status: "fulfilled", value: { outcome: "accepted" } })
  expect(found).toEqual([["sending", expect.stringContaining("damaged")]])
})

test.each(["tocsin.db", "lock.db"])("a start on a damaged %s names the file and what to do", async (name) => {
  await store.close()
  const path = join(directory, name)
  await writeFile(path, Buffer.alloc(8_192, 0xff))
  const advice = name === "lock.db" ? "It holds nothing: delete it" : "Restore a backup."
  const start = openSqliteStore({ directory })
  await expect(start).rejects.toThrow(`${path} is damaged (`)
  await expect(start).rejects.toThrow(advice)
})

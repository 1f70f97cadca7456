import type { Socket } from "node:net"
import { expect, test } from "vitest"
import { StoreUnavailable } from "../../src/ports/store.ts"
import { openPostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { Story } from "../contracts/store-fixtures.ts"
import { openBetween } from "./between.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()

test("a node whose connections were lost unheard by the database takes its shards from what is left of them", async () => {
  const url = await server().freshDatabase()
  const between = await openBetween(url, (client, database) => {
    client.on("data", (bytes) => database.write(bytes))
    database.on("data", (bytes) => client.write(bytes))
    // Only one way: of a client that is gone the database hears nothing, as behind a box that has forgotten it.
    database.on("close", () => client.destroy())
  })
  const store = await openPostgresStore({ url: between.url })
  const owned = () => store.ownership.shards().owned
  await expect.poll(owned, { timeout: 20_000 }).toBe(256)
  for (const client of between.clients) client.destroy()
  await expect.poll(owned).toBeLessThan(256)
  await expect.poll(owned, { timeout: 10_000 }).toBe(256)
  await store.close()
  between.close()
}, 60_000)

test("a node whose connections have gone silent works on others within ten seconds", async () => {
  const url = await server().freshDatabase()
  const silent = new Set<Socket>()
  const between = await openBetween(url, (client, database) => {
    client.on("data", (bytes) => (silent.has(client) ? undefined : database.write(bytes)))
    database.on("data", (bytes) => (silent.has(client) ? undefined : client.write(bytes)))
  })
  const store = await openPostgresStore({ url: between.url })
  const owned = () => store.ownership.shards().owned
  const story = await Story.of(store)
  await expect.poll(owned, { timeout: 20_000 }).toBe(256)
  await story.delivery()
  // As where a firewall has forgotten them: new ones come through.
  for (const client of between.clients) silent.add(client)
  const silentMs = performance.now()
  await expect(story.delivery()).rejects.toThrow(StoreUnavailable)
  await story.delivery()
  await expect.poll(owned, { timeout: 20_000 }).toBe(256)
  expect(performance.now() - silentMs).toBeLessThan(10_000)
  await store.close()
  between.close()
}, 60_000)

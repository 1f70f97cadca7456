import type { Socket } from "node:net"
import { setTimeout as delay } from "node:timers/promises"
import { expect, test } from "vitest"
import { migrate } from "../../src/stores/postgres/migrate.ts"
import { channel } from "../../src/stores/postgres/notices/channel.ts"
import { Notices } from "../../src/stores/postgres/notices/notices.ts"
import { Pool, plannedAnew } from "../../src/stores/postgres/session.ts"
import { openBetween } from "./between.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()

test("a database that was away for long is listened to once, and each message is heard once", async () => {
  const url = await server().freshDatabase()
  await migrate(url)
  const pool = new Pool(url, 2, plannedAnew)
  const notices = new Notices(url, pool, "this node", () => true)
  const heard: string[] = []
  notices.onMessage((message) => heard.push(message))
  await notices.start()
  const listening = async () => {
    const [row] = await pool.run("SELECT count(*) AS n FROM pg_stat_activity WHERE query = $1", [`LISTEN ${channel}`])
    return row?.n
  }
  expect(await listening()).toBe(1)
  await server().halt()
  // Some ten tries, each of which fails.
  await delay(3_000)
  await server().start()
  await expect.poll(() => listening().catch(() => 0), { timeout: 20_000 }).toBe(1)
  await pool.run("SELECT pg_notify($1, $2)", [channel, "relay another node\nhello"])
  await expect.poll(() => heard).toContain("hello")
  // Whoever listened beside it would have heard it by now, or will within a few rounds.
  await delay(1_000)
  expect(heard).toEqual(["hello"])
  expect(await listening()).toBe(1)
  await notices.stop()
  await expect.poll(listening).toBe(0)
  await pool.close()
}, 60_000)

test("a listener whose connection has gone silent listens on another", async () => {
  const url = await server().freshDatabase()
  await migrate(url)
  const silent = new Set<Socket>()
  const between = await openBetween(url, (client, database) => {
    client.on("data", (bytes) => (silent.has(client) ? undefined : database.write(bytes)))
    database.on("data", (bytes) => (silent.has(client) ? undefined : client.write(bytes)))
  })
  const pool = new Pool(url, 2, plannedAnew)
  const notices = new Notices(between.url, pool, "this node", () => true)
  const heard: string[] = []
  notices.onMessage((message) => heard.push(message))
  await notices.start()
  for (const client of between.clients) silent.add(client)
  const tell = () => pool.run("SELECT pg_notify($1, $2)", [channel, "relay another node\nhello"])
  await expect.poll(() => tell().then(() => heard), { timeout: 20_000, interval: 250 }).toContain("hello")
  await notices.stop()
  await pool.close()
  between.close()
}, 40_000)

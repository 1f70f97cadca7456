import { connect, createServer, type Socket } from "node:net"
import { expect, test } from "vitest"
import { openPostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()

test("a node whose connections were lost unheard by the database takes its shards from what is left of them", async () => {
  const url = await server().freshDatabase()
  const { hostname, port } = new URL(url)
  const clients: Socket[] = []
  const databases: Socket[] = []
  const between = createServer((client) => {
    const database = connect(Number(port), hostname)
    clients.push(client)
    databases.push(database)
    client.on("data", (bytes) => database.write(bytes))
    database.on("data", (bytes) => client.write(bytes))
    // Only one way: of a client that is gone the database hears nothing, as behind a box that has forgotten it.
    database.on("close", () => client.destroy())
    for (const socket of [client, database]) socket.on("error", () => {})
  })
  await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve))
  const address = between.address()
  if (typeof address !== "object" || address === null) throw new Error("no address")
  const through = new URL(url)
  through.hostname = "127.0.0.1"
  through.port = String(address.port)
  const store = await openPostgresStore({ url: through.href })
  const owned = () => store.ownership.shards().owned
  await expect.poll(owned, { timeout: 20_000 }).toBe(256)
  for (const client of clients) client.destroy()
  await expect.poll(owned).toBeLessThan(256)
  await expect.poll(owned, { timeout: 10_000 }).toBe(256)
  await store.close()
  for (const socket of databases) socket.destroy()
  between.close()
}, 60_000)

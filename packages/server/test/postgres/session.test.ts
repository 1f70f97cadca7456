import type { Socket } from "node:net"
import { afterAll, beforeAll, expect, test } from "vitest"
import { StoreUnavailable } from "../../src/ports/store.ts"
import {
  type ConnectionSettings,
  Pool,
  plannedAnew,
  plannedAnewByKey,
  plannedOnce,
  type Runner,
  Session,
} from "../../src/stores/postgres/session.ts"
import { openBetween } from "./between.ts"
import { type PostgresServer, startPostgres } from "./postgres-server.ts"

let server: PostgresServer
let url: string
beforeAll(async () => {
  server = await startPostgres()
  url = await server.freshDatabase()
}, 400_000)
afterAll(() => server.close())

const always: ConnectionSettings = {
  jit: "off",
  statement_timeout: "20s",
  lock_timeout: "10s",
  idle_in_transaction_session_timeout: "5s",
}

async function has(runner: Runner, settings: ConnectionSettings): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    const [row] = await runner.run("SELECT current_setting($1) AS value", [name])
    expect(row, name).toEqual({ value })
  }
}

test("connections have the settings they were opened with, also those that turn something off", async () => {
  // What the server would have without: otherwise this would hold by itself.
  const plain = new Session(url, { jit: "on" })
  await has(plain, { ...always, jit: "on", enable_seqscan: "on", plan_cache_mode: "auto" })
  await plain.close()
  for (const settings of [
    plannedAnew,
    plannedAnewByKey,
    plannedOnce,
    { statement_timeout: "0", enable_seqscan: "off" },
  ]) {
    const [session, pool] = [new Session(url, settings), new Pool(url, 1, settings)]
    for (const connection of [session, pool]) await has(connection, { ...always, ...settings })
    await Promise.all([session.close(), pool.close()])
  }
})

test("what an administrator has set for the database does not change how statements here work", async () => {
  const other = new URL(await server.freshDatabase())
  const ours: ConnectionSettings = {
    default_transaction_isolation: "read committed",
    idle_session_timeout: "0",
    array_nulls: "on",
  }
  const theirs = { default_transaction_isolation: "serializable", idle_session_timeout: "3000", array_nulls: "off" }
  const admin = new Session(other.href, {})
  for (const [name, value] of Object.entries(theirs))
    await admin.run(`ALTER DATABASE ${other.pathname.slice(1)} SET ${name} = '${value}'`)
  await admin.close()
  const session = new Session(other.href, {})
  await has(session, ours)
  await session.close()
})

test("a session whose connection is cut answers everything at once, and sends nothing of it on another", async () => {
  const session = new Session(url, {})
  const [row] = await session.run("SELECT pg_backend_pid() AS pid")
  // The first is being worked on; the driver keeps the second until the first has been described.
  const asked = [session.run("SELECT pg_sleep($1::integer)", [30]), session.run("SELECT $1::text AS late", ["sent"])]
  const answers = Promise.allSettled(asked)
  const other = new Pool(url, 1, {})
  await other.run("SELECT pg_terminate_backend($1::integer)", [Number(row?.pid)])
  const cutMs = performance.now()
  expect((await answers).map(({ status }) => status)).toEqual(["rejected", "rejected"])
  expect(performance.now() - cutMs).toBeLessThan(5_000)
  expect(session.lost).toBe(true)
  await Promise.all([session.close(), other.close()])
})

test("a pool whose connections have gone silent gives them up, and asks on others", async () => {
  let silent = false
  const between = await openBetween(url, (client, database) => {
    // A network that drops packets: what is under way is not heard of any more, and nobody says so.
    const dropping = silent
    client.on("data", (bytes) => (silent && !dropping ? undefined : database.write(bytes)))
    database.on("data", (bytes) => client.write(bytes))
  })
  const pool = new Pool(between.url, 1, {}, { answerMaxMs: 500 })
  const ask = (text: string) => pool.run("SELECT $1::text AS said", [text])
  expect(await ask("before")).toEqual([{ said: "before" }])
  silent = true
  const unanswered = await Promise.allSettled([ask("one"), ask("two"), ask("three")])
  expect(unanswered.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"])
  expect(unanswered[0]).toMatchObject({ reason: expect.any(StoreUnavailable) })
  // On a connection that was made meanwhile.
  await expect.poll(() => ask("after").catch(() => null)).toEqual([{ said: "after" }])
  await pool.close()
  between.close()
})

test("a pool does not go on sending on a connection that has gone silent, while another one answers", async () => {
  const silent = new Set<Socket>()
  const between = await openBetween(url, (client, database) => {
    client.on("data", (bytes) => (silent.has(client) ? undefined : database.write(bytes)))
    database.on("data", (bytes) => client.write(bytes))
  })
  const pool = new Pool(between.url, 2, {}, { answerMaxMs: 500 })
  const ask = (text: string) => pool.run("SELECT $1::text AS said FROM pg_sleep(0.05)", [text])
  await Promise.all([ask("on one"), ask("on the other")])
  const [first] = between.clients
  if (first === undefined) throw new Error("no connection")
  silent.add(first)
  const statuses = (await Promise.allSettled([ask("one"), ask("two")])).map(({ status }) => status)
  expect(statuses.toSorted()).toEqual(["fulfilled", "rejected"])
  const many = ["a", "b", "c", "d"]
  expect(await Promise.all(many.map(ask))).toEqual(many.map((said) => [{ said }]))
  await pool.close()
  between.close()
})

import { afterAll, beforeAll, expect, test } from "vitest"
import {
  type ConnectionSettings,
  Pool,
  plannedAnew,
  plannedAnewByKey,
  plannedOnce,
  type Runner,
  Session,
} from "../../src/stores/postgres/session.ts"
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

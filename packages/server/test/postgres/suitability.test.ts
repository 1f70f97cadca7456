import postgres from "postgres"
import { expect, test } from "vitest"
import { migrate } from "../../src/stores/postgres/migrate.ts"
import { type Runner, Session } from "../../src/stores/postgres/session.ts"
import { unsuitability } from "../../src/stores/postgres/suitability.ts"
import { openBetween } from "./between.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()

async function withSessions(run: (one: Session, other: Session, url: string) => Promise<void>): Promise<void> {
  const url = await server().freshDatabase()
  const sessions = [new Session(url, {}), new Session(url, {})] as const
  try {
    await run(...sessions, url)
  } finally {
    await Promise.all(sessions.map((session) => session.close()))
  }
}

test("connections of one's own, with the settings they were given, suit", () =>
  withSessions(async (one, other) => {
    expect(await unsuitability(one, other)).toBeNull()
  }))

test("a pooler that lends a connection for a transaction is refused, whichever it lends", () =>
  withSessions(async (one, other) => {
    // Two clients of such a pooler: the last connection that came back is lent next, or all are in turn.
    expect(await unsuitability(one, one)).toMatch(/^a pooler in between pools by transaction .*pool by session\.$/)
    let asked = 0
    const inTurn: Runner = { run: (statement) => (asked++ % 2 === 0 ? one : other).run(statement) }
    expect(await unsuitability(inTurn, inTurn)).toMatch(/pools by transaction/)
  }))

test("a pooler that drops the settings of connections is refused", () =>
  withSessions(async (one, _, url) => {
    const plain = new Session(url, { idle_in_transaction_session_timeout: "0" })
    expect(await unsuitability(plain, one)).toMatch(/drops the settings/)
    await plain.close()
  }))

/** Where connections are refused at their start. */
async function refusing(code: string, message: string) {
  return openBetween(await server().freshDatabase(), (client) => {
    const fields = Buffer.from(`SFATAL\0C${code}\0M${message}\0\0`)
    const head = Buffer.from("E\0\0\0\0")
    head.writeInt32BE(fields.length + 4, 1)
    client.once("data", () => client.end(Buffer.concat([head, fields])))
  })
}

test.each([
  [
    "a pooler that takes no settings",
    "08P01",
    "unsupported startup parameter: jit",
    /^TOCSIN_DATABASE_URL: .* a pooler .*startup parameter: jit\)\. Connect to PostgreSQL itself\.$/,
  ],
  [
    "a version that lacks one of them",
    "42704",
    'unrecognized configuration parameter "idle_session_timeout"',
    /^TOCSIN_DATABASE_URL: .*"idle_session_timeout"\)\. PostgreSQL 15 is the oldest that will do\.$/,
  ],
])("what refuses the settings of connections is told: %s", async (_, code, message, told) => {
  const between = await refusing(code, message)
  await expect(migrate(between.url)).rejects.toThrow(told)
  between.close()
})

test("a version that is too old is refused", () =>
  withSessions(async (one, other) => {
    const older: Runner = {
      run: async (statement) => (await one.run(statement)).map((row) => ({ ...row, version: 140_012, named: "14.12" })),
    }
    expect(await unsuitability(older, other)).toBe("it is PostgreSQL 14.12, and 15 is the oldest that will do.")
  }))

test("an encoding that does not hold every character is refused, at the start and not with the first that is missing", async () => {
  const url = new URL(await server().freshDatabase())
  const sql = postgres(url.href, { max: 1 })
  const name = `${url.pathname.slice(1)}_latin`
  await sql.unsafe(`CREATE DATABASE ${name} ENCODING 'LATIN1' TEMPLATE template0`)
  await sql.end()
  url.pathname = name
  await expect(migrate(url.href)).rejects.toThrow(/^TOCSIN_DATABASE_URL: .*its encoding, LATIN1, .*'UTF8'/)
})

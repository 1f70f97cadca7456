import { afterAll, beforeAll } from "vitest"
import { type PostgresServer, startPostgres } from "./postgres-server.ts"

/** To fetch and install one, should there be none. */
const startMaxMs = 400_000

/** A server that begins before the tests of the file that calls this, and ends after them. @returns what gives it to them. */
export function postgresForThisFile(): () => PostgresServer {
  let server: PostgresServer | null = null
  beforeAll(async () => {
    server = await startPostgres()
  }, startMaxMs)
  afterAll(() => server?.close())
  return () => {
    if (server === null) throw new Error("the server has not been started yet")
    return server
  }
}

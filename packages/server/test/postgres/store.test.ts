import { afterAll, beforeAll } from "vitest"
import { openPostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { storeContract } from "../contracts/store-contract.ts"
import { type PostgresServer, startPostgres } from "./postgres-server.ts"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
}, 400_000)
afterAll(() => server.close())

storeContract("postgres", async () => openPostgresStore({ url: await server.freshDatabase() }))

import { openPostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { storeContract } from "../contracts/store-contract.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()

storeContract("postgres", async () => openPostgresStore({ url: await server().freshDatabase() }))

import { randomBytes } from "node:crypto"
import { newDataDirectory, type RunningServer, type Settings, startServer } from "../server-process.ts"

const encryptionKey = randomBytes(32).toString("base64")

/** A node of the instance on this database. */
export function startNode(databaseUrl: string, settings: Settings = {}): Promise<RunningServer> {
  return startServer({
    TOCSIN_DATA_DIR: newDataDirectory(),
    TOCSIN_DATABASE_URL: databaseUrl,
    TOCSIN_ENCRYPTION_KEY: encryptionKey,
    ...settings,
  })
}

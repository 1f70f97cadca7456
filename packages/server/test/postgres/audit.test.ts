import postgres from "postgres"
import { describe, expect, test } from "vitest"
import { openPostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { auditOf, Story } from "../contracts/store-fixtures.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()

describe("the audit log in PostgreSQL", () => {
  test("is appended to only: the database refuses all else, to its owner too", { timeout: 30_000 }, async () => {
    const url = await server().freshDatabase()
    const store = openPostgresStore({ url })
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    try {
      const opened = await store
      const story = await Story.of(opened)
      for (const action of ["a", "b"]) await opened.note(auditOf(story.workspaceId, action))
      for (const statement of [
        "UPDATE audit SET record = '{}'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "TRUNCATE audit CASCADE",
      ]) {
        await expect(sql.unsafe(statement), statement).rejects.toThrow("append-only")
      }
      expect(await opened.auditChain(story.workspaceId, 0, 10)).toHaveLength(2)
    } finally {
      await sql.end({ timeout: 5 })
      await (await store).close()
    }
  })
})

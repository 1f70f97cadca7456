import { expect, onTestFinished, test } from "vitest"
import { events } from "../../src/stores/postgres/log/events.ts"
import { openPostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { Pool, plannedAnew } from "../../src/stores/postgres/session.ts"
import { strideBytes } from "../../src/stores/stride.ts"
import { newEvent, Story, t0 } from "../contracts/store-fixtures.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()

test("one statement searches no more bytes of bodies than a stride has, however few rows that are", async () => {
  const url = await server().freshDatabase()
  const store = await openPostgresStore({ url })
  const pool = new Pool(url, 1, plannedAnew)
  onTestFinished(async () => {
    await pool.close()
    await store.close()
  })
  const story = await Story.of(store)
  const bodyBytes = 250 * 1024
  const count = 40
  for (let index = 0; index < count; index++)
    await story.accept(newEvent({ acceptedMs: t0 + index, body: `{"where":"${"x".repeat(bodyBytes)}"}` }))

  let searches = 0
  const found = await events(
    (text, values) => {
      if (text.includes("strpos")) searches++
      return pool.run(text, values)
    },
    story.workspaceId,
    { text: "nowhere" },
    { limit: 10, before: null },
    undefined,
  )
  expect(found).toEqual([])
  expect(searches).toBe(Math.ceil(count / Math.ceil(strideBytes / bodyBytes)))
})

import postgres from "postgres"
import { afterEach, beforeEach, expect, test } from "vitest"
import { recordedAttempt } from "../../src/domain/attempt-detail.ts"
import type { WebhookId } from "../../src/domain/ids.ts"
import { lockClass } from "../../src/stores/postgres/migrate.ts"
import { openPostgresStore, type PostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { newAttempt, newWebhookId, Story } from "../contracts/store-fixtures.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()
const shards = 256
let url: string
let ending: PostgresStore
let staying: PostgresStore
beforeEach(async () => {
  url = await server().freshDatabase()
  ending = await openPostgresStore({ url })
  staying = await openPostgresStore({ url })
  for (const { ownership } of [ending, staying])
    await expect.poll(() => ownership.shards().owned, { timeout: 20_000 }).toBe(shards / 2)
})
afterEach(async () => {
  await ending.close()
  await staying.close()
})

/** One whose webhook the node that ends owns, and its outcome. */
async function outcomeOfItsOwn() {
  const story = await Story.of(ending)
  let webhookId: WebhookId = newWebhookId()
  while (!ending.ownership.owns(webhookId)) webhookId = newWebhookId()
  const deliveryId = await story.delivery({ to: [webhookId] })
  const attempt = recordedAttempt(newAttempt(1))
  const { workspaceId } = story
  const next = { state: "delivered" } as const
  return { webhookId, settlement: { workspaceId, webhookId, deliveryId, atMs: attempt.atMs, attempt, next } }
}

test("a node that ends hands over at once what it sends nothing for, and the rest as it drains", async () => {
  const { webhookId, settlement } = await outcomeOfItsOwn()
  let busy: readonly WebhookId[] = [webhookId]
  const beganMs = performance.now()
  ending.ownership.retire(() => busy)
  expect(ending.ownership.owns(webhookId)).toBe(false)
  await expect.poll(() => staying.ownership.shards().owned, { timeout: 10_000 }).toBe(shards - 1)
  expect(performance.now() - beganMs).toBeLessThan(5_000)
  expect(staying.ownership.owns(webhookId)).toBe(false)

  // Its outcome is still taken.
  expect(await ending.settle(settlement)).toBe(true)
  busy = []
  await expect.poll(() => staying.ownership.owns(webhookId), { timeout: 10_000 }).toBe(true)
}, 60_000)

test("a node that ends and loses its connection does not wait for shards that it never takes again", async () => {
  const { webhookId, settlement } = await outcomeOfItsOwn()
  ending.ownership.retire(() => [webhookId])
  await expect.poll(() => staying.ownership.shards().owned, { timeout: 10_000 }).toBe(shards - 1)
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql`SELECT pg_terminate_backend(pid) FROM pg_locks
    WHERE locktype = 'advisory' AND classid = ${lockClass.shards} GROUP BY pid HAVING count(*) = 1`
  await sql.end()
  await expect.poll(() => staying.ownership.owns(webhookId), { timeout: 10_000 }).toBe(true)
  // It is the other's by now, who makes the attempt again: nothing is left to wait for.
  expect(await ending.settle(settlement)).toBe(false)
}, 60_000)

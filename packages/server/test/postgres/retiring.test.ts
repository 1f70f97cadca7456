import { afterEach, beforeEach, expect, test } from "vitest"
import { recordedAttempt } from "../../src/domain/attempt-detail.ts"
import type { WebhookId } from "../../src/domain/ids.ts"
import { openPostgresStore, type PostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { newAttempt, newWebhookId, Story } from "../contracts/store-fixtures.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const server = postgresForThisFile()
const shards = 256
let ending: PostgresStore
let staying: PostgresStore
beforeEach(async () => {
  const url = await server().freshDatabase()
  ending = await openPostgresStore({ url })
  staying = await openPostgresStore({ url })
  for (const { ownership } of [ending, staying])
    await expect.poll(() => ownership.shards().owned, { timeout: 20_000 }).toBe(shards / 2)
})
afterEach(async () => {
  await ending.close()
  await staying.close()
})

test("a node that ends hands over at once what it sends nothing for, and the rest as it drains", async () => {
  const story = await Story.of(ending)
  // One of its own.
  let webhookId: WebhookId = newWebhookId()
  while (!ending.ownership.owns(webhookId)) webhookId = newWebhookId()
  const deliveryId = await story.delivery({ to: [webhookId] })
  let busy: readonly WebhookId[] = [webhookId]
  const beganMs = performance.now()
  ending.ownership.retire(() => busy)
  expect(ending.ownership.owns(webhookId)).toBe(false)
  await expect.poll(() => staying.ownership.shards().owned, { timeout: 10_000 }).toBe(shards - 1)
  expect(performance.now() - beganMs).toBeLessThan(5_000)
  expect(staying.ownership.owns(webhookId)).toBe(false)

  // Its outcome is still taken.
  const attempt = recordedAttempt(newAttempt(1))
  const { workspaceId } = story
  const settlement = { workspaceId, webhookId, deliveryId, atMs: attempt.atMs, attempt }
  expect(await ending.settle({ ...settlement, next: { state: "delivered" } })).toBe(true)
  busy = []
  await expect.poll(() => staying.ownership.owns(webhookId), { timeout: 10_000 }).toBe(true)
}, 60_000)

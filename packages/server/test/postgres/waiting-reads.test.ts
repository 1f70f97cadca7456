import { afterEach, beforeEach, expect, test } from "vitest"
import { asId, type WebhookId } from "../../src/domain/ids.ts"
import type { WaitingQuery, WaitingRead } from "../../src/ports/store.ts"
import { WaitingReads } from "../../src/stores/postgres/lanes/waiting.ts"
import { openPostgresStore, type PostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { Pool, plannedOnceByLoops, type Row, type Value } from "../../src/stores/postgres/session.ts"
import { newEvent, newWebhookId, Story } from "../contracts/store-fixtures.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

class CountingPool extends Pool {
  statements = 0

  override run(text: string, values?: readonly Value[]): Promise<readonly Row[]> {
    this.statements++
    return super.run(text, values)
  }
}

const server = postgresForThisFile()
let store: PostgresStore
let story: Story
let pool: CountingPool
let reads: WaitingReads
beforeEach(async () => {
  const url = await server().freshDatabase()
  store = await openPostgresStore({ url })
  story = await Story.of(store)
  pool = new CountingPool(url, 4, plannedOnceByLoops)
  reads = new WaitingReads((text, values) => pool.run(text, values))
})
afterEach(async () => {
  await pool.close()
  await store.close()
})

function query(webhookId: WebhookId, limit: number, read: WaitingRead = { read: "head" }): WaitingQuery {
  return { workspaceId: story.workspaceId, webhookId, limit, ...read }
}

/** Each with as many deliveries waiting as its place says. */
async function webhooksWithBacklogs(count: number): Promise<readonly WebhookId[]> {
  const webhookIds = Array.from({ length: count }, newWebhookId)
  for (const [place, webhookId] of webhookIds.entries())
    await story.accept(...Array.from({ length: place }, () => newEvent({ to: [webhookId] })))
  return webhookIds
}

test("what is asked in one turn shares a statement, and each gets its own, in its order and within its limit", async () => {
  const webhookIds = await webhooksWithBacklogs(8)
  const found = await Promise.all(
    webhookIds.map((webhookId, place) => reads.read(query(webhookId, place === 7 ? 3 : 20))),
  )
  expect(pool.statements).toBe(1)
  expect(found.map((deliveries) => deliveries.map(({ sequence }) => sequence))).toEqual([
    [],
    [1],
    [1, 2],
    [1, 2, 3],
    [1, 2, 3, 4],
    [1, 2, 3, 4, 5],
    [1, 2, 3, 4, 5, 6],
    [1, 2, 3],
  ])
  for (const [place, deliveries] of found.entries())
    expect(deliveries.every(({ webhookId }) => webhookId === webhookIds[place])).toBe(true)
})

test("reads of different kinds do not share one, nor do more than eight", async () => {
  const [, , third] = await webhooksWithBacklogs(3)
  if (third === undefined) throw new Error("no third webhook")
  const [head, fresh] = await Promise.all([
    reads.read(query(third, 5)),
    reads.read(query(third, 5, { read: "fresh", afterSequence: 1 })),
  ])
  expect([head.length, fresh.length, pool.statements]).toEqual([2, 1, 2])
  pool.statements = 0
  const many = await Promise.all(Array.from({ length: 20 }, () => reads.read(query(third, 5))))
  expect(many.every((deliveries) => deliveries.length === 2)).toBe(true)
  expect(pool.statements).toBe(3)
})

test("the same webhook is read twice in one statement when it was asked for twice", async () => {
  const [, second] = await webhooksWithBacklogs(2)
  if (second === undefined) throw new Error("no second webhook")
  const unknown = asId<WebhookId>("wh_unknown")
  const found = await Promise.all([second, unknown, second].map((webhookId) => reads.read(query(webhookId, 5))))
  expect(found.map(({ length }) => length)).toEqual([1, 0, 1])
})

test("a read that fails fails alone, now and the next time", async () => {
  const [, second, third] = await webhooksWithBacklogs(3)
  if (second === undefined || third === undefined) throw new Error("a webhook is missing")
  const failing = query(third, Number.NaN)
  const outcomes = await Promise.allSettled([reads.read(query(second, 5)), reads.read(failing)])
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"])
  // The shared one, and one for each.
  expect(pool.statements).toBe(3)

  pool.statements = 0
  await Promise.allSettled([reads.read(query(second, 5)), reads.read(failing)])
  expect(pool.statements).toBe(2)

  // One that is neither slow nor failing any more shares again.
  await reads.read(query(third, 5))
  pool.statements = 0
  expect(await Promise.all([reads.read(query(second, 5)), reads.read(query(third, 5))])).toMatchObject([
    { length: 1 },
    { length: 2 },
  ])
  expect(pool.statements).toBe(1)
})

test("those who shared a slow statement are not held up by each other again", async () => {
  const [, second, third] = await webhooksWithBacklogs(3)
  if (second === undefined || third === undefined) throw new Error("a webhook is missing")
  let slow = true
  const lagging = new WaitingReads(async (text, values) => {
    if (slow) await pool.run("SELECT pg_sleep(0.6)")
    return pool.run(text, values)
  })
  await Promise.all([lagging.read(query(second, 5)), lagging.read(query(third, 5))])
  slow = false
  pool.statements = 0
  await Promise.all([lagging.read(query(second, 5)), lagging.read(query(third, 5))])
  expect(pool.statements).toBe(2)
  await Promise.all([lagging.read(query(second, 5)), lagging.read(query(third, 5))])
  expect(pool.statements).toBe(3)
})

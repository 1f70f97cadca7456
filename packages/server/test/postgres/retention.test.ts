import { randomBytes } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import postgres from "postgres"
import { afterEach, beforeEach, expect, test } from "vitest"
import { recordedAttempt } from "../../src/domain/attempt-detail.ts"
import { openPostgresStore, type PostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { nameOfDay, partitioned, Successor } from "../../src/stores/postgres/partitions.ts"
import { type Runner, Session } from "../../src/stores/postgres/session.ts"
import { acceptKeyed } from "../../src/stores/postgres/writes/accept.ts"
import {
  apiKeyOf,
  eventTypeOf,
  failedAttempt,
  minuteMs,
  newAttempt,
  newDeliveryId,
  newEvent,
  newWebhookId,
  past,
  replayOf,
  Story,
  t0,
  webhookOf,
} from "../contracts/store-fixtures.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const dayMs = 86_400_000
const migrations = new URL("../../src/stores/postgres/migrations/", import.meta.url)

const server = postgresForThisFile()
let url: string
let sql: ReturnType<typeof postgres>
let store: PostgresStore

beforeEach(async () => {
  url = await server().freshDatabase()
  sql = postgres(url, { max: 1, onnotice: () => {} })
})
afterEach(async () => {
  await store.close()
  await sql.end()
})

/** Rows of every table that retention has to do with. */
async function rowsStored(): Promise<number> {
  const tables = ["attempts", "deliveries", "events", "idempotency_keys", "webhook_minutes", "webhook_sequences"]
  tables.push("webhook_health", "webhooks", "replays", "api_keys", "event_types", "workspaces")
  let rows = 0
  for (const table of tables) rows += Number((await sql.unsafe(`SELECT count(*)::integer AS n FROM ${table}`))[0]?.n)
  return rows
}

/** Everything there is many of in a workspace: each webhook has a delivery, delivered at the second attempt. */
async function manyOfAll(story: Story, count: number): Promise<void> {
  const { workspaceId } = story
  const webhooks = Array.from({ length: count }, newWebhookId)
  await store.configure(
    [
      ...webhooks.map((id) => ({ kind: "webhook", put: webhookOf(workspaceId, id, 1) }) as const),
      ...webhooks.map((_, n) => ({ kind: "eventType", put: eventTypeOf(workspaceId, `own.t${n}`, 1) }) as const),
      ...webhooks.map(() => ({ kind: "apiKey", put: apiKeyOf(workspaceId) }) as const),
    ],
    [],
  )
  await Promise.all(
    webhooks.map(async (webhookId, n) => {
      const event = newEvent({ to: [webhookId], idempotency: { key: `k${n}`, fingerprint: "f" } })
      await story.accept(event)
      await store.putReplay(replayOf(workspaceId, webhookId, { state: "completed" }))
      for (const number of [1, 2]) {
        const next = number === 1 ? ({ state: "waiting", dueMs: t0 } as const) : ({ state: "delivered" } as const)
        const deliveryId = event.deliveries[0]?.id ?? newDeliveryId()
        const attempt = recordedAttempt(failedAttempt(number, { atMs: t0 + number * minuteMs }))
        await store.settle({ workspaceId, webhookId, deliveryId, atMs: t0, attempt, next })
      }
    }),
  )
}

test("no step removes more than about its limit, of a deleted workspace or of what is past", async () => {
  store = await openPostgresStore({ url })
  const stays = await Story.of(store)
  const [old, gone] = [await Story.of(store), await Story.of(store)]
  const count = 60
  await manyOfAll(old, count)
  await manyOfAll(gone, count)
  const deletedMs = t0 + 1
  await old.webhook({ deletedMs })
  await store.configure([{ kind: "workspaceDeleted", id: gone.workspaceId, atMs: deletedMs }], [])
  const limit = 25
  const removed: number[] = []
  let before = await rowsStored()
  for (let more = true; more; ) {
    more = await store.forget(past(t0 + 3 * minuteMs), limit)
    const after = await rowsStored()
    removed.push(before - after)
    before = after
  }
  // A webhook counts as one, and takes two counters along; an event its key.
  expect(Math.max(...removed)).toBeLessThanOrEqual(3 * limit)
  expect(removed.length).toBeGreaterThan(2 * count * (9 / limit))
  const [left] = await sql`SELECT (SELECT count(*) FROM deliveries)::integer AS deliveries,
    (SELECT count(*) FROM attempts)::integer AS attempts, (SELECT count(*) FROM events)::integer AS events,
    (SELECT count(*) FROM idempotency_keys)::integer AS keys, (SELECT count(*) FROM replays)::integer AS replays,
    (SELECT count(*) FROM webhook_minutes WHERE workspace_id = ${gone.workspaceId})::integer AS minutes,
    (SELECT count(*) FROM webhooks WHERE deleted)::integer AS tombstones`
  expect(left).toEqual({ deliveries: 0, attempts: 0, events: 0, keys: 0, replays: 0, minutes: 0, tombstones: 0 })
  expect((await store.loadConfig()).workspaces.map(({ id }) => id).sort()).toEqual(
    [stays.workspaceId, old.workspaceId].sort(),
  )
}, 60_000)

test("a deleted workspace leaves nothing of its webhooks' secrets, not even sealed", async () => {
  store = await openPostgresStore({ url })
  const story = await Story.of(store)
  await story.webhook({ sealed: "what-was-sealed" })
  const records = async () => JSON.stringify(await sql`SELECT record FROM webhooks`)
  expect(await records()).toContain("what-was-sealed")
  await store.configure([{ kind: "workspaceDeleted", id: story.workspaceId, atMs: t0 }], [])
  expect(await records()).toContain(story.webhookId)
  expect(await records()).not.toContain("what-was-sealed")
})

test("a dropped day takes its minutes at once, and its idempotency keys step by step", async () => {
  store = await openPostgresStore({ url, wholeDays: true })
  const story = await Story.of(store)
  const keys = Array.from({ length: 30 }, (_, n) => ({ key: `k${n}`, fingerprint: "f" }))
  const events = keys.map((idempotency) => newEvent({ to: [story.webhookId], idempotency }))
  await story.accept(...events)
  for (const { deliveries } of events)
    await story.settle(deliveries[0]?.id ?? newDeliveryId(), { state: "delivered" }, newAttempt(1))
  const stored = async () => {
    const [row] = await sql`SELECT (SELECT count(*) FROM webhook_minutes)::integer AS minutes,
      (SELECT count(*) FROM idempotency_keys)::integer AS keys`
    return row
  }
  expect(await stored()).toEqual({ minutes: 2, keys: 30 })
  expect(await store.forget(past(t0 + 2 * dayMs), 10)).toBe(true)
  expect(await stored()).toEqual({ minutes: 0, keys: 30 })
  expect(await store.forget(past(t0 + 2 * dayMs), 10)).toBe(true)
  expect(await stored()).toEqual({ minutes: 0, keys: 20 })
  while (await store.forget(past(t0 + 2 * dayMs), 10));
  expect(await stored()).toEqual({ minutes: 0, keys: 0 })
})

test("what stays of a past day is looked through once, not in every round", async () => {
  store = await openPostgresStore({ url, wholeDays: true })
  const story = await Story.of(store)
  for (let n = 0; n < 30; n++) await story.delivery({ idempotency: { key: `k${n}`, fingerprint: "f" } })
  const round = async () => {
    let steps = 1
    while (await store.forget(past(t0 + 5 * dayMs), 10)) steps += 1
    return steps
  }
  expect(await round()).toBeGreaterThan(6)
  expect(await round()).toBe(1)
  expect(await store.deliveries(story.workspaceId, {}, { limit: 99, before: null })).toHaveLength(30)
})

test.each([true, false])(
  "what a node accepts for a workspace of whose removal it has not heard goes with its age (whole days: %s)",
  async (wholeDays) => {
    store = await openPostgresStore({ url, wholeDays })
    const [stays, gone] = [await Story.of(store), await Story.of(store)]
    await store.configure([{ kind: "workspaceDeleted", id: gone.workspaceId, atMs: t0 }], [])
    while (await store.forget(past(t0), 100));
    for (const story of [stays, gone]) for (let n = 0; n < 3; n++) await story.delivery()
    while (await store.forget(past(t0 + 5 * dayMs), 100));
    expect(await store.deliveries(stays.workspaceId, {}, { limit: 9, before: null })).toHaveLength(3)
    for (const table of ["events", "deliveries", "webhook_minutes"])
      expect(await sql`SELECT DISTINCT workspace_id FROM ${sql(table)}`).toEqual([{ workspace_id: stays.workspaceId }])
  },
)

test("what stays of a day is made ready beside it: while all days are locked no index is built and no row looked at", async () => {
  store = await openPostgresStore({ url })
  const story = await Story.of(store)
  await story.delivery()
  const day = Math.floor(t0 / dayMs)
  const messages: string[] = []
  const watching = postgres(url, { max: 1, onnotice: ({ message }) => messages.push(String(message)) })
  await watching.begin(async (tx) => {
    const run = (text: string) => tx.unsafe(text)
    await run("SET LOCAL client_min_messages = debug1")
    const successors = partitioned.map((table) => ({ table, successor: new Successor(run, table, day) }))
    for (const { table, successor } of successors) {
      await successor.create()
      await run(`INSERT INTO ${successor.name} SELECT * FROM ${table}`)
      await successor.buildIndexes()
    }
    expect(messages.filter((each) => each.startsWith("building index"))).not.toEqual([])
    messages.length = 0
    for (const { table, successor } of successors) {
      await run(`DROP TABLE ${table}_${nameOfDay(day)}`)
      await successor.replace()
    }
  })
  await watching.end()
  expect(messages.filter((each) => each.startsWith("building index"))).toEqual([])
  for (const table of partitioned) {
    const name = `${table}_${nameOfDay(day)}`
    expect(messages.join("\n")).toContain(`"${name}" is implied by existing constraints`)
    const left = await sql`SELECT conname FROM pg_constraint WHERE conrelid = ${name}::regclass AND contype = 'c'`
    expect(left).toEqual([])
  }
  expect(await store.deliveries(story.workspaceId, {}, { limit: 9, before: null })).toHaveLength(1)
})

test("nothing is copied as long as somebody reads the tables; once that has ended the day goes", async () => {
  store = await openPostgresStore({ url, wholeDays: true })
  const story = await Story.of(store)
  const count = 60
  for (let n = 0; n < count; n++) await story.delivery({ body: JSON.stringify(randomBytes(50_000).toString("hex")) })
  const records = await store.deliveries(story.workspaceId, {}, { limit: 99, before: null })
  const [stays] = records
  await Promise.all(
    records.slice(1).map(({ id }) => story.settle(id, { state: "delivered" }, newAttempt(1, { atMs: t0 + minuteMs }))),
  )
  await sql`CHECKPOINT`
  const written = async () => Number((await sql`SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS bytes`)[0]?.bytes)
  const before = await written()
  await sql.begin(async (tx) => {
    await tx`SELECT 1 FROM events LIMIT 1`
    // What is not held up goes on: the round comes to its end.
    while (await store.forget(past(t0 + 5 * dayMs), 500));
  })
  expect((await written()) - before).toBeLessThan(50_000)
  while (await store.forget(past(t0 + 5 * dayMs), 500));
  expect(await store.deliveries(story.workspaceId, {}, { limit: 99, before: null })).toMatchObject([{ id: stays?.id }])
})

test("an idempotency key that retention takes away just then is claimed again", async () => {
  store = await openPostgresStore({ url })
  const story = await Story.of(store)
  const idempotency = { key: "k", fingerprint: "f" }
  await story.accept(newEvent({ idempotency }))
  await sql`DELETE FROM events`
  const session = new Session(url, {})
  await session.transaction(async (run) => {
    let asked = 0
    const beside: Runner["run"] = async (...statement) => {
      // Between the claim, which found the key taken, and the look at what it stands for.
      if (++asked === 2) await sql`DELETE FROM idempotency_keys`
      return run(...statement)
    }
    const again = { workspaceId: story.workspaceId, events: [newEvent({ idempotency })] }
    const [outcome] = await acceptKeyed({ run: beside }, [again])
    expect(outcome).toMatchObject({ outcome: "accepted", events: [{ duplicate: false }] })
  })
  await session.close()
  expect(await story.accept(newEvent({ idempotency }))).toMatchObject({ events: [{ duplicate: true }] })
})

test("deleting a webhook waits for no day that is being dropped, of which it has nothing", async () => {
  store = await openPostgresStore({ url })
  const old = await Story.of(store)
  await old.delivery()
  const recent = await Story.of(store)
  await recent.delivery({ acceptedMs: t0 + 3 * dayMs })
  await recent.webhook({ deletedMs: t0 })
  await sql.begin(async (tx) => {
    await tx.unsafe(`LOCK TABLE deliveries_${nameOfDay(Math.floor(t0 / dayMs))} IN SHARE ROW EXCLUSIVE MODE`)
    const cancelled = store.cancelWaiting(recent.workspaceId, recent.webhookId, t0, 10)
    const first = await Promise.race([cancelled, new Promise((resolve) => setTimeout(resolve, 5_000, "waits"))])
    expect(first).toBe(1)
  })
})

test("a replay that is being stored keeps its events, whichever of the two comes first", async () => {
  store = await openPostgresStore({ url, wholeDays: true })
  const story = await Story.of(store)
  const { workspaceId, webhookId } = story
  for (let round = 0; round < 8; round++) {
    const event = newEvent({ body: `{"round":${round}}` })
    await story.accept(event)
    const replay = replayOf(workspaceId, webhookId)
    await store.putReplay(replay)
    const id = newDeliveryId(t0 + 5 * dayMs)
    const deliveries = [{ id, eventId: event.id, laneKey: "" }]
    const step = { ...replay, examined: 1, enqueued: 1, afterId: event.id }
    const [enqueued] = await Promise.allSettled([
      store.enqueue({ workspaceId, webhookId, nowMs: t0 + 5 * dayMs, deliveries, replay: step, examinedBefore: 0 }),
      store.forget(past(t0 + 2 * dayMs), 100).catch((error: unknown) => error),
    ])
    const [waiting] = await store.waiting({ workspaceId, webhookId, limit: 1, read: "head" })
    if (enqueued.status === "fulfilled") expect(waiting).toMatchObject({ id, body: event.body })
    else expect(waiting).toBeUndefined()
    await sql`DELETE FROM deliveries`
  }
})

test("minutes that were counted before they had partitions are carried over", async () => {
  await sql`CREATE TABLE schema_version (version integer NOT NULL)`
  const files = readdirSync(migrations)
    .filter((name) => name < "0005")
    .sort()
  for (const name of files) await sql.unsafe(readFileSync(new URL(name, migrations), "utf8"))
  await sql`INSERT INTO schema_version VALUES (${files.length})`
  const day = Math.floor(t0 / dayMs) * dayMs
  for (const table of ["events", "deliveries", "attempts"])
    await sql.unsafe(
      `CREATE TABLE ${table}_20260106 PARTITION OF ${table} FOR VALUES FROM (${day}) TO (${day + dayMs})`,
    )
  await sql`INSERT INTO webhook_minutes (workspace_id, webhook_id, minute, side, delivered, succeeded)
    VALUES ('ws_1', 'wh_1', ${t0 / minuteMs}, 0, 3, 4), ('ws_1', 'wh_1', ${t0 / minuteMs - 5_000}, 0, 9, 9)`
  store = await openPostgresStore({ url })
  // Of a day that is stored, and not of one that is gone.
  expect(await sql`SELECT delivered::integer, succeeded::integer FROM webhook_minutes`).toEqual([
    { delivered: 3, succeeded: 4 },
  ])
  await sql`INSERT INTO webhook_minutes_20260106 (workspace_id, webhook_id, minute, side) VALUES ('ws_1', 'wh_1', ${t0 / minuteMs}, 1)`
})

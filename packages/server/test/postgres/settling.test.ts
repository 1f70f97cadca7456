import postgres from "postgres"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { untilStored } from "../../src/dispatch/until-stored.ts"
import { recordedAttempt } from "../../src/domain/attempt-detail.ts"
import type { Settlement } from "../../src/ports/store.ts"
import { openPostgresStore, type PostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { plannedAnewByKey, type Row, Session, type Value } from "../../src/stores/postgres/session.ts"
import { settleBatch } from "../../src/stores/postgres/writes/settle.ts"
import { systemClock } from "../../src/system/system-clock.ts"
import { failedAttempt, newAttempt, Story, t0 } from "../contracts/store-fixtures.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const token = "the-token-of-this-session"

/** Lets something happen right after the deliveries of a batch have been found for the first time. */
class Watched extends Session {
  readonly statements: string[] = []
  between: (() => Promise<unknown>) | null = null

  override async run(text: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    this.statements.push(text.trim())
    const rows = await super.run(text, values)
    if (!text.includes("FROM unnest") || !text.includes("AS seen")) return rows
    const between = this.between
    this.between = null
    await between?.()
    return rows
  }

  transactions(): number {
    return this.statements.filter((statement) => statement === "BEGIN").length
  }
}

const server = postgresForThisFile()
let store: PostgresStore
let session: Watched
let story: Story
let url: string
beforeEach(async () => {
  url = await server().freshDatabase()
  store = await openPostgresStore({ url })
  story = await Story.of(store)
  session = new Watched(url, plannedAnewByKey)
  await session.run("SELECT set_config('tocsin.token', $1, false)", [token])
})
afterEach(async () => {
  await session.close()
  await store.close()
})

function settlement(deliveryId: Settlement["deliveryId"], sketch: Pick<Settlement, "attempt" | "next">): Settlement {
  const { workspaceId, webhookId } = story
  return { workspaceId, webhookId, deliveryId, atMs: sketch.attempt?.atMs ?? t0, ...sketch }
}

async function twoOfThem() {
  const [one, other] = [await story.delivery(), await story.delivery()]
  const batch = [
    settlement(one, { attempt: recordedAttempt(newAttempt(1)), next: { state: "delivered" } }),
    settlement(other, {
      attempt: recordedAttempt(failedAttempt(1)),
      next: { state: "exhausted", because: "attempts" },
    }),
  ]
  return { one, other, batch }
}

/** Once some session waits for another's lock. */
async function waitingForALock(): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const waits = async () => (await sql`SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'`).length > 0
  await vi.waitUntil(waits, { timeout: 10_000 })
  await sql.end()
}

/** What the batch of `twoOfThem` leaves behind, however often it had to be tried. */
async function expectSettledOnce({ one, other }: Awaited<ReturnType<typeof twoOfThem>>): Promise<void> {
  expect(await story.stateOf(one)).toMatchObject({ status: "delivered", attempts: 1 })
  expect(await story.stateOf(other)).toMatchObject({ status: "exhausted", attempts: 1 })
  for (const id of [one, other]) expect(await store.attempts(story.workspaceId, id)).toHaveLength(1)
  expect(await story.health()).toMatchObject({ backlog: 0, consecutiveFailures: 1 })
}

test("a batch that nobody else touches is one read and one write, without a transaction around them", async () => {
  const all = await twoOfThem()
  await settleBatch(session, token, () => all.batch)
  await expectSettledOnce(all)
  expect(session.transactions()).toBe(0)
})

test("one that was retried by hand since it was read is settled again under locks, nothing of the batch twice", async () => {
  const all = await twoOfThem()
  session.between = () => store.reopen(story.workspaceId, all.other, t0 + 1)
  await settleBatch(session, token, () => all.batch)
  await expectSettledOnce(all)
  expect(session.transactions()).toBe(1)
})

test("what was cancelled since it was read stays so, unless it was delivered", async () => {
  const all = await twoOfThem()
  session.between = () => store.cancelWaiting(story.workspaceId, story.webhookId, t0 + 1, 10)
  await settleBatch(session, token, () => all.batch)
  expect(await story.stateOf(all.one)).toMatchObject({ status: "delivered" })
  expect(await story.stateOf(all.other)).toMatchObject({ status: "cancelled" })
  expect(await story.health()).toMatchObject({ backlog: 0 })
  expect(session.transactions()).toBe(1)
})

test("rows are locked in the order in which others lock them: a retry by hand at the same moment is no deadlock", async () => {
  // So that there are rows to lock.
  await story.settle(await story.delivery(), { state: "delivered" }, newAttempt(1))
  const all = await twoOfThem()
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const { workspaceId, webhookId } = story
  const settled = Promise.withResolvers<unknown>()
  await sql.begin(async (rival) => {
    // The health first, the minutes then: as in reopen.ts and cancel-waiting.ts.
    await rival`SELECT 1 FROM webhook_health WHERE workspace_id = ${workspaceId} AND webhook_id = ${webhookId} FOR UPDATE`
    settleBatch(session, token, () => all.batch).then(settled.resolve, settled.reject)
    await waitingForALock()
    await rival`SELECT 1 FROM webhook_minutes WHERE workspace_id = ${workspaceId} FOR UPDATE`
  })
  await settled.promise
  await sql.end()
  await expectSettledOnce(all)
  // It waited, and was not picked to end a deadlock.
  expect(session.transactions()).toBe(0)
})

test("what was settled before, without its answer, is left out of a batch; the rest of it is settled", async () => {
  const all = await twoOfThem()
  const [first, second] = all.batch
  if (!first || !second) throw new Error("a batch of two")
  await settleBatch(session, token, () => [first])
  await settleBatch(session, token, () => all.batch)
  await expectSettledOnce(all)
  expect(session.transactions()).toBe(0)
  // Under locks too.
  session.between = () => store.reopen(story.workspaceId, all.other, t0 + 1)
  await settleBatch(session, token, () => all.batch)
  expect(await story.stateOf(all.one)).toMatchObject({ status: "delivered", attempts: 1 })
  expect(await story.stateOf(all.other)).toMatchObject({ status: "retrying", attempts: 1, dueMs: t0 + 1 })
  expect(await store.attempts(story.workspaceId, all.other)).toHaveLength(1)
})

test("a session that has not this token writes nothing", async () => {
  const all = await twoOfThem()
  await settleBatch(session, "another", () => all.batch)
  expect(await story.stateOf(all.one)).toMatchObject({ status: "pending", attempts: 0 })
  session.between = () => session.run("SELECT set_config('tocsin.token', 'lost meanwhile', false)")
  await settleBatch(session, token, () => all.batch)
  expect(await story.stateOf(all.one)).toMatchObject({ status: "pending", attempts: 0 })
})

test("an outcome that comes while the node has lost its connection is kept until it knows whose it is", async () => {
  const deliveryId = await story.delivery()
  const [node] = await session.run("SELECT pid FROM nodes")
  await session.run("SELECT pg_terminate_backend($1::integer)", [Number(node?.pid)])
  await expect.poll(() => store.ownership.shards().owned, { interval: 1 }).toBe(0)
  const attempt = recordedAttempt(newAttempt(1))
  const outcome = settlement(deliveryId, { attempt, next: { state: "delivered" } })
  expect(await untilStored({ clock: systemClock, onFault: () => {} }, "settling", () => store.settle(outcome))).toBe(
    true,
  )
  expect(await store.delivery(story.workspaceId, deliveryId)).toMatchObject({ state: "delivered", attempts: 1 })
})

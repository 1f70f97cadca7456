import postgres from "postgres"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { untilStored } from "../../src/dispatch/until-stored.ts"
import { recordedAttempt } from "../../src/domain/attempt-detail.ts"
import { histogramIn } from "../../src/domain/latency-histogram.ts"
import type { Settlement } from "../../src/ports/store.ts"
import { openPostgresStore, type PostgresStore } from "../../src/stores/postgres/open-postgres-store.ts"
import { plannedAnewByKey, type Row, Session, type Value } from "../../src/stores/postgres/session.ts"
import { OwnedLatencies } from "../../src/stores/postgres/writes/owned-latencies.ts"
import { settleBatch } from "../../src/stores/postgres/writes/settle.ts"
import { systemClock } from "../../src/system/system-clock.ts"
import { failedAttempt, newAttempt, Story, t0 } from "../contracts/store-fixtures.ts"
import { postgresForThisFile } from "./postgres-for-this-file.ts"

const token = "the-token-of-this-session"

/** Lets something happen right before a batch is written for the first time, and after what it needs was read. */
class Watched extends Session {
  readonly statements: string[] = []
  between: (() => Promise<unknown>) | null = null

  override async run(text: string, values: readonly Value[] = []): Promise<readonly Row[]> {
    this.statements.push(text.trim())
    if (text.includes("WITH moved")) {
      const between = this.between
      this.between = null
      await between?.()
    }
    return super.run(text, values)
  }

  /** How often deliveries were read. */
  reads(): number {
    return this.statements.filter((statement) => statement.includes("AS seen")).length
  }

  transactions(): number {
    return this.statements.filter((statement) => statement === "BEGIN").length
  }
}

const server = postgresForThisFile()
let store: PostgresStore
let session: Watched
let latencies: OwnedLatencies
let story: Story
let url: string
beforeEach(async () => {
  url = await server().freshDatabase()
  store = await openPostgresStore({ url })
  story = await Story.of(store)
  latencies = new OwnedLatencies()
  session = new Watched(url, plannedAnewByKey)
  await session.run("SELECT set_config('tocsin.token', $1, false)", [token])
})
afterEach(async () => {
  await session.close()
  await store.close()
})

const settle = (as: string, batchNow: () => readonly Settlement[]) => settleBatch(session, as, latencies, batchNow)

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

test("a batch of first attempts that nobody else touches is one write, without a transaction around it", async () => {
  const all = await twoOfThem()
  await settle(token, () => all.batch)
  await expectSettledOnce(all)
  expect(session.transactions()).toBe(0)
  expect(session.reads()).toBe(0)
})

/** Two that wait for their second attempt, and the outcomes of that. */
async function twoThatFailed() {
  const [one, other] = [await story.delivery(), await story.delivery()]
  for (const id of [one, other]) await story.settle(id, { state: "waiting", dueMs: t0 + 1 }, failedAttempt(1))
  const batch = [
    settlement(one, { attempt: recordedAttempt(newAttempt(2)), next: { state: "delivered" } }),
    settlement(other, {
      attempt: recordedAttempt(failedAttempt(2)),
      next: { state: "exhausted", because: "attempts" },
    }),
  ]
  return { one, other, batch }
}

test("later attempts are one read more, beside first ones in the same batch too", async () => {
  const [first, later] = [await twoOfThem(), await twoThatFailed()]
  await settle(token, () => [...first.batch, ...later.batch])
  expect(await story.stateOf(later.one)).toMatchObject({ status: "delivered", attempts: 2 })
  expect(await story.stateOf(later.other)).toMatchObject({ status: "exhausted", attempts: 2 })
  expect(await story.stateOf(first.one)).toMatchObject({ status: "delivered", attempts: 1 })
  expect(await story.health()).toMatchObject({ backlog: 0, consecutiveFailures: 1 })
  expect(session.transactions()).toBe(0)
  expect(session.reads()).toBe(1)
})

test("later ones that were retried by hand since they were read are settled again under locks", async () => {
  const all = await twoThatFailed()
  session.between = () => store.reopen(story.workspaceId, all.other, t0 + 2)
  await settle(token, () => all.batch)
  expect(await story.stateOf(all.one)).toMatchObject({ status: "delivered", attempts: 2 })
  expect(await story.stateOf(all.other)).toMatchObject({ status: "exhausted", attempts: 2 })
  for (const id of [all.one, all.other]) expect(await store.attempts(story.workspaceId, id)).toHaveLength(2)
  expect(await story.health()).toMatchObject({ backlog: 0, consecutiveFailures: 1 })
  expect(session.transactions()).toBe(1)
})

test("failures and successes of several batches count as if they were one", async () => {
  const failed = async (atMs: number): Promise<Settlement> => {
    const attempt = recordedAttempt(failedAttempt(1))
    return {
      ...settlement(await story.delivery(), { attempt, next: { state: "exhausted", because: "attempts" } }),
      atMs,
    }
  }
  const succeeded = async (atMs: number): Promise<Settlement> => {
    const attempt = recordedAttempt(newAttempt(1))
    return { ...settlement(await story.delivery(), { attempt, next: { state: "delivered" } }), atMs }
  }
  const settleAll = async (...batch: readonly Promise<Settlement>[]) => {
    const settlements = await Promise.all(batch)
    await settle(token, () => settlements)
  }
  await settleAll(failed(t0 + 1))
  await settleAll(failed(t0 + 2))
  expect(await story.health()).toMatchObject({ consecutiveFailures: 2, failingSinceMs: t0 + 1, lastSuccessMs: null })
  await settleAll(failed(t0 + 3), succeeded(t0 + 4), failed(t0 + 5), failed(t0 + 6))
  const since = { consecutiveFailures: 2, failingSinceMs: t0 + 5, lastSuccessMs: t0 + 4 }
  expect(await story.health()).toMatchObject(since)
  await settleAll(failed(t0 + 7))
  expect(await story.health()).toMatchObject({ ...since, consecutiveFailures: 3 })
  await settleAll(succeeded(t0 + 8))
  expect(await story.health()).toMatchObject({ consecutiveFailures: 0, failingSinceMs: null, lastSuccessMs: t0 + 8 })
})

test("what another node settled in between, while it had the shard, stays in the minute's latencies", async () => {
  const [here, there, again] = [await twoOfThem(), await twoOfThem(), await twoOfThem()]
  latencies.during(1)
  await settle(token, () => here.batch)
  await settleBatch(session, token, new OwnedLatencies(), () => there.batch)
  latencies.during(2)
  await settle(token, () => again.batch)
  const rows = await session.run("SELECT latencies FROM webhook_minutes WHERE latencies IS NOT NULL")
  expect(rows).toHaveLength(1)
  const counts = histogramIn(String(rows[0]?.latencies)).filter((_, index) => index % 2 === 1)
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6)
})

test("one that was retried by hand before its outcome was written is settled again under locks, nothing of the batch twice", async () => {
  const all = await twoOfThem()
  session.between = () => store.reopen(story.workspaceId, all.other, t0 + 1)
  await settle(token, () => all.batch)
  await expectSettledOnce(all)
  expect(session.transactions()).toBe(1)
})

test("what was cancelled meanwhile stays so, unless it was delivered", async () => {
  const all = await twoOfThem()
  await story.webhook({ deletedMs: t0 })
  session.between = () => store.cancelWaiting(story.workspaceId, story.webhookId, t0 + 1, 10)
  await settle(token, () => all.batch)
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
    settle(token, () => all.batch).then(settled.resolve, settled.reject)
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
  await settle(token, () => [first])
  await settle(token, () => all.batch)
  await expectSettledOnce(all)
  // Whatever was done to it since.
  session.between = () => store.reopen(story.workspaceId, all.other, t0 + 1)
  await settle(token, () => all.batch)
  expect(await story.stateOf(all.one)).toMatchObject({ status: "delivered", attempts: 1 })
  expect(await story.stateOf(all.other)).toMatchObject({ status: "retrying", attempts: 1, dueMs: t0 + 1 })
  expect(await store.attempts(story.workspaceId, all.other)).toHaveLength(1)
})

test("a session that has not this token writes nothing", async () => {
  const all = await twoOfThem()
  await settle("another", () => all.batch)
  expect(await story.stateOf(all.one)).toMatchObject({ status: "pending", attempts: 0 })
  session.between = () => session.run("SELECT set_config('tocsin.token', 'lost meanwhile', false)")
  await settle(token, () => all.batch)
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

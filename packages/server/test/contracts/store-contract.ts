import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { recordedAttempt } from "../../src/domain/attempt-detail.ts"
import { ChainCheck } from "../../src/domain/audit-chain.ts"
import { type DeliveryStatus, deliveryStatuses } from "../../src/domain/delivery.ts"
import type { DeliveryId, WorkspaceId } from "../../src/domain/ids.ts"
import { type LatencyHistogram, LatencyTally } from "../../src/domain/latency-histogram.ts"
import type { Accepted, DeliveryFilter, Store, WaitingQuery, WaitingRead } from "../../src/ports/store.ts"
import {
  apiKeyOf,
  auditOf,
  eventTypeOf,
  failedAttempt,
  minuteMs,
  newAttempt,
  newDeliveryId,
  newEvent,
  newEventId,
  newReplayId,
  newWebhookId,
  past,
  replayOf,
  Story,
  secondMs,
  t0,
  webhookOf,
  workspaceOf,
} from "./store-fixtures.ts"

const firstPage = { limit: 200, before: null }
const hourMs = 60 * minuteMs

function latenciesOf(...durationsMs: readonly number[]): LatencyHistogram {
  const tally = new LatencyTally()
  for (const each of durationsMs) tally.add(each)
  return tally.histogram()
}

/**
 * What every store promises (ports/store.ts), told as stories. An adapter's test file calls this with a way to open an
 * empty store; the suite closes it.
 *
 * Left to each store, and therefore avoided here:
 * - statistics may count by whole minutes: stories about them keep to the minute;
 * - `forget` may take any number of steps: stories call it until it says that nothing is left.
 */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`${name} store`, () => {
    let store: Store
    let story: Story

    /** Opening costs a real database some tenths of a second, and every story has a workspace of its own. */
    function oneStoreForAll(): void {
      beforeAll(async () => {
        store = await open()
      })
      beforeEach(async () => {
        story = await Story.of(store)
      })
      afterAll(() => store.close())
    }

    /** For stories about what touches every workspace. */
    function aStoreForEach(): void {
      beforeEach(async () => {
        store = await open()
        story = await Story.of(store)
      })
      afterEach(() => store.close())
    }

    function read(query: WaitingRead & { limit?: number }) {
      const { workspaceId, webhookId } = story
      const full: WaitingQuery = { limit: 100, ...query, workspaceId, webhookId }
      return store.waiting(full)
    }
    const sequences = async (query: WaitingRead & { limit?: number }) => (await read(query)).map((d) => d.sequence)

    async function forgetAll(beforeMs: number, limit = 100): Promise<void> {
      for (let steps = 0; await store.forget(past(beforeMs), limit); steps++)
        if (steps > 1_000) throw new Error("endless")
    }

    describe("accepting", () => {
      oneStoreForAll()

      test("an event and its deliveries are stored together, and come back as they were", async () => {
        const other = newWebhookId()
        const event = newEvent({
          type: "policy.violation.created",
          createdMs: t0 - 5_000,
          body: '{"id":"evt_1","n":12345678901234567890,"f":1.0}',
          orderingKey: "arn:aws:s3:::bucket",
          attributes: { severity: "high", environment: null },
          metadata: '{"trace":"a"}',
          idempotency: { key: "k1", fingerprint: "f1" },
          to: [story.webhookId, { webhookId: other, laneKey: "arn" }],
        })
        const accepted = await story.accept(event)
        expect(accepted).toEqual({
          outcome: "accepted",
          events: [{ id: event.id, createdMs: t0 - 5_000, duplicate: false, deliveryCount: 2, sequences: [1, 1] }],
        })
        expect(await store.event(story.workspaceId, event.id)).toEqual({
          id: event.id,
          workspaceId: story.workspaceId,
          type: "policy.violation.created",
          createdMs: t0 - 5_000,
          acceptedMs: t0,
          body: event.body,
          orderingKey: "arn:aws:s3:::bucket",
          attributes: { severity: "high", environment: null },
          metadata: '{"trace":"a"}',
          idempotencyKey: "k1",
          deliveries: 2,
        })
        const id = event.deliveries[0]?.id ?? newDeliveryId()
        expect(await store.delivery(story.workspaceId, id)).toEqual({
          id,
          workspaceId: story.workspaceId,
          webhookId: story.webhookId,
          eventId: event.id,
          eventType: "policy.violation.created",
          sequence: 1,
          laneKey: "",
          state: "waiting",
          status: "pending",
          because: null,
          attempts: 0,
          createdMs: t0,
          windowFromMs: t0,
          dueMs: t0,
          endedMs: null,
          replayId: null,
          lastStatusCode: null,
          lastErrorCode: null,
        })
        expect(await store.attempts(story.workspaceId, id)).toEqual([])
      })

      test.each([
        ["64-bit integers and 1.0", '{"n":12345678901234567890,"f":1.0,"e":1e400}'],
        ["emoji and other scripts", '{"s":"🔔 тревога 警報 \u00e9"}'],
        ["escaped lone surrogates and NUL", '{"s":"\\ud83d \\u0000 \\\\ \\""}'],
        ["white space kept as it was", '{ "a" :\t1 ,\r\n "b":2 }'],
        ["a body of 256 KiB", JSON.stringify({ s: "äx🔔".repeat(40_000) })],
      ])("bodies are kept byte for byte: %s", async (_, body) => {
        const event = newEvent({ body, to: [story.webhookId] })
        await story.accept(event)
        expect((await store.event(story.workspaceId, event.id))?.body).toBe(body)
        expect((await read({ read: "head" }))[0]?.body).toBe(body)
      })

      test("sequences rise by one without a gap, for each webhook, however many are accepted at once", async () => {
        const webhooks = [newWebhookId(), newWebhookId(), newWebhookId()]
        const results = await Promise.all(
          Array.from({ length: 300 }, (_, index) =>
            story.accept(newEvent({ to: webhooks.slice(0, 1 + (index % 3)) }), newEvent({ to: webhooks })),
          ),
        )
        const given = webhooks.map((): number[] => [])
        for (const result of results)
          for (const event of (result as Accepted).events)
            for (const [index, sequence] of event.sequences.entries()) given[index]?.push(sequence)
        const oneToN = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
        // In the order of the calls, too: the first call got the first numbers.
        expect(given).toEqual([oneToN(600), oneToN(500), oneToN(400)])
      })

      test("an event without deliveries is stored, and an acceptance without events is accepted", async () => {
        const event = newEvent()
        expect(await story.accept(event)).toMatchObject({ events: [{ deliveryCount: 0, sequences: [] }] })
        expect(await store.event(story.workspaceId, event.id)).not.toBeNull()
        expect(await story.accept()).toEqual({ outcome: "accepted", events: [] })
      })

      test("a known idempotency key answers with the first event and stores nothing", async () => {
        const idempotency = { key: "k", fingerprint: "f" }
        const first = newEvent({ createdMs: t0 - 1, idempotency, to: [story.webhookId, newWebhookId()] })
        const again = newEvent({ acceptedMs: t0 + 1, idempotency, to: [story.webhookId] })
        await story.accept(first)
        expect(await story.accept(again)).toEqual({
          outcome: "accepted",
          events: [{ id: first.id, createdMs: t0 - 1, duplicate: true, deliveryCount: 2, sequences: [] }],
        })
        expect(await store.event(story.workspaceId, again.id)).toBeNull()
        expect(await sequences({ read: "head" })).toEqual([1])
      })

      test("a known idempotency key with another content is a conflict, and nothing of the acceptance is kept", async () => {
        await story.accept(newEvent({ idempotency: { key: "k", fingerprint: "f" } }))
        const good = newEvent({ to: [story.webhookId] })
        const bad = newEvent({ idempotency: { key: "k", fingerprint: "other" }, to: [story.webhookId] })
        expect(await story.accept(good, bad)).toEqual({ outcome: "conflict", index: 1 })
        expect(await store.event(story.workspaceId, good.id)).toBeNull()
        expect(await store.event(story.workspaceId, bad.id)).toBeNull()
        expect(await sequences({ read: "head" })).toEqual([])
        expect((await story.health()).lastSequence).toBe(0)
      })

      test("the same holds between events of one acceptance", async () => {
        const idempotency = { key: "k", fingerprint: "f" }
        const [first, twin] = [
          newEvent({ idempotency, to: [story.webhookId] }),
          newEvent({ idempotency, to: [story.webhookId] }),
        ]
        expect(await story.accept(first, twin)).toMatchObject({
          events: [
            { id: first.id, duplicate: false, sequences: [1] },
            { id: first.id, duplicate: true, deliveryCount: 1, sequences: [] },
          ],
        })
        const rivals = ["a", "b"].map((fingerprint) => newEvent({ idempotency: { key: "k2", fingerprint } }))
        expect(await story.accept(...rivals)).toEqual({ outcome: "conflict", index: 1 })
        expect(await store.events(story.workspaceId, {}, firstPage)).toHaveLength(1)
      })

      test("tells what keys stand for, of those that are known in the workspace", async () => {
        const elsewhere = await Story.of(store)
        const first = newEvent({
          createdMs: t0 - 1,
          idempotency: { key: "k", fingerprint: "f" },
          to: [story.webhookId, newWebhookId()],
        })
        const other = newEvent({ createdMs: t0, idempotency: { key: "ключ", fingerprint: "g" } })
        await story.accept(first, other)
        const known = await store.acceptedBefore(story.workspaceId, ["k", "unknown", "ключ"])
        expect([...known].sort((a, b) => (a.key < b.key ? -1 : 1))).toEqual([
          { key: "k", id: first.id, createdMs: t0 - 1, deliveryCount: 2, fingerprint: "f" },
          { key: "ключ", id: other.id, createdMs: t0, deliveryCount: 0, fingerprint: "g" },
        ])
        expect(await store.acceptedBefore(elsewhere.workspaceId, ["k"])).toEqual([])
        expect(await store.acceptedBefore(story.workspaceId, [])).toEqual([])
      })

      test("of rivals with one key, sent at the same time, exactly one is stored", async () => {
        const rivals = Array.from({ length: 50 }, () =>
          newEvent({ idempotency: { key: "k", fingerprint: "f" }, to: [story.webhookId] }),
        )
        const results = await Promise.all(rivals.map((rival) => story.accept(rival)))
        const events = results.flatMap((result) => (result as Accepted).events)
        expect(events.filter((event) => !event.duplicate)).toHaveLength(1)
        expect(new Set(events.map((event) => event.id)).size).toBe(1)
        expect(await sequences({ read: "head" })).toEqual([1])
      })

      test("the key of one workspace means nothing in another", async () => {
        const elsewhere = await Story.of(store)
        await story.accept(newEvent({ idempotency: { key: "k", fingerprint: "f" } }))
        expect(await elsewhere.accept(newEvent({ idempotency: { key: "k", fingerprint: "g" } }))).toMatchObject({
          outcome: "accepted",
          events: [{ duplicate: false }],
        })
      })

      test("an operation that fails leaves nothing and takes no neighbour with it", async () => {
        const taken = newEvent({ to: [story.webhookId] })
        await story.accept(taken)
        const good = Array.from({ length: 20 }, () => newEvent({ to: [story.webhookId] }))
        const companion = newEvent({ to: [story.webhookId] })
        // The same id a second time is a mistake of the caller that no store can make good.
        const results = await Promise.allSettled([
          ...good.slice(0, 10).map((event) => story.accept(event)),
          story.accept(companion, { ...taken, deliveries: [] }),
          ...good.slice(10).map((event) => story.accept(event)),
        ])
        expect(results.map((result) => result.status)).toEqual([
          ...good.slice(0, 10).map(() => "fulfilled"),
          "rejected",
          ...good.slice(10).map(() => "fulfilled"),
        ])
        expect(await store.event(story.workspaceId, companion.id)).toBeNull()
        expect(await sequences({ read: "head" })).toEqual(Array.from({ length: 21 }, (_, index) => index + 1))
      })
    })

    describe("settling", () => {
      oneStoreForAll()

      test("a receiver answering 503, 503, 200 leaves three attempts and one delivered delivery", async () => {
        const id = await story.delivery()
        const attempts = [
          failedAttempt(1, { atMs: t0 }),
          failedAttempt(2, { atMs: t0 + 5 * secondMs }),
          newAttempt(3, {
            atMs: t0 + 15 * secondMs,
            responseHeaders: [
              ["x", "ü"],
              ["x", "2"],
            ],
            responseBody: "🔔",
          }),
        ]
        const [first, second, third] = attempts as [(typeof attempts)[0], (typeof attempts)[0], (typeof attempts)[0]]
        expect(await story.settle(id, { state: "waiting", dueMs: t0 + 5 * secondMs }, first)).toBe(true)
        expect(await story.stateOf(id)).toMatchObject({
          state: "waiting",
          status: "retrying",
          attempts: 1,
          dueMs: t0 + 5 * secondMs,
          lastStatusCode: 503,
          lastErrorCode: "non_2xx",
        })
        await story.settle(id, { state: "waiting", dueMs: t0 + 15 * secondMs }, second)
        await story.settle(id, { state: "delivered" }, third, t0 + 16 * secondMs)
        expect(await story.stateOf(id)).toMatchObject({
          state: "delivered",
          status: "delivered",
          attempts: 3,
          dueMs: null,
          endedMs: t0 + 16 * secondMs,
          lastStatusCode: 200,
          lastErrorCode: null,
        })
        expect(await store.attempts(story.workspaceId, id)).toEqual(attempts)
        expect(await sequences({ read: "head" })).toEqual([])
      })

      test("an attempt without a response is kept as one", async () => {
        const id = await story.delivery()
        const attempt = failedAttempt(1, { statusCode: null, responseHeaders: [], responseBody: "" }, "timeout")
        await story.settle(id, { state: "exhausted", because: "attempts" }, attempt)
        expect(await store.attempts(story.workspaceId, id)).toEqual([attempt])
        expect(await story.stateOf(id)).toMatchObject({
          status: "exhausted",
          because: "attempts",
          lastStatusCode: null,
          lastErrorCode: "timeout",
        })
      })

      test("a delivery may end without an attempt, which says nothing about the webhook's health", async () => {
        const id = await story.delivery()
        await story.settle(id, { state: "expired" }, null, t0 + hourMs)
        expect(await story.stateOf(id)).toMatchObject({ status: "expired", attempts: 0, endedMs: t0 + hourMs })
        expect(await story.health()).toMatchObject({ consecutiveFailures: 0, failingSinceMs: null, backlog: 0 })
      })

      test("operations take effect in the order of their calls", async () => {
        const event = newEvent({ to: [story.webhookId] })
        const id = event.deliveries[0]?.id ?? newDeliveryId()
        await Promise.all([
          story.accept(event),
          story.settle(id, { state: "waiting", dueMs: t0 + 1 }, failedAttempt(1)),
          story.settle(id, { state: "exhausted", because: "window" }, failedAttempt(2)),
          store.reopen(story.workspaceId, id, t0 + 2),
          story.settle(id, { state: "waiting", dueMs: t0 + 3 }, failedAttempt(3)),
        ])
        expect(await story.stateOf(id)).toMatchObject({
          status: "retrying",
          attempts: 3,
          dueMs: t0 + 3,
          windowFromMs: t0 + 2,
        })
      })

      test("a delivery that is no longer waiting keeps its state, but the attempt is recorded", async () => {
        const id = await story.delivery()
        await story.webhook({ deletedMs: t0 })
        expect(await store.cancelWaiting(story.workspaceId, story.webhookId, t0 + 1, 10)).toBe(1)
        expect(await story.settle(id, { state: "waiting", dueMs: t0 + 9 }, failedAttempt(1, { atMs: t0 + 2 }))).toBe(
          true,
        )
        expect(await story.stateOf(id)).toMatchObject({
          state: "cancelled",
          attempts: 1,
          dueMs: null,
          endedMs: t0 + 1,
          lastStatusCode: 503,
        })
        expect(await store.attempts(story.workspaceId, id)).toHaveLength(1)
        expect((await story.health()).backlog).toBe(0)
      })

      test("a success always makes it delivered", async () => {
        const [cancelled, exhausted] = [await story.delivery(), await story.delivery()]
        await story.settle(exhausted, { state: "exhausted", because: "attempts" }, failedAttempt(1))
        await story.webhook({ deletedMs: t0 + 1 })
        await store.cancelWaiting(story.workspaceId, story.webhookId, t0 + 1, 10)
        await story.settle(cancelled, { state: "delivered" }, newAttempt(1), t0 + 2)
        await story.settle(exhausted, { state: "delivered" }, newAttempt(2), t0 + 3)
        expect(await story.stateOf(cancelled)).toMatchObject({ status: "delivered", because: null, endedMs: t0 + 2 })
        expect(await story.stateOf(exhausted)).toMatchObject({ status: "delivered", because: null, endedMs: t0 + 3 })
        await story.settle(cancelled, { state: "exhausted", because: "gone" }, failedAttempt(2), t0 + 4)
        expect(await story.stateOf(cancelled)).toMatchObject({ status: "delivered", endedMs: t0 + 2, attempts: 2 })
        await story.settle(cancelled, { state: "delivered" }, newAttempt(3), t0 + 5)
        expect(await story.stateOf(cancelled)).toMatchObject({ status: "delivered", endedMs: t0 + 2, attempts: 3 })
      })

      test("an attempt that is settled again, its commit's answer having been lost, is recorded and counted once", async () => {
        const id = await story.delivery()
        const attempt = failedAttempt(1)
        const settle = (dueMs: number) => story.settle(id, { state: "waiting", dueMs }, attempt)
        await settle(t0 + hourMs)
        const after = await store.stats(story.workspaceId, story.webhookId, t0 - minuteMs, t0 + minuteMs, 2)
        expect(await settle(t0 + 2 * hourMs)).toBe(true)
        expect(await store.stats(story.workspaceId, story.webhookId, t0 - minuteMs, t0 + minuteMs, 2)).toEqual(after)
        expect(after.attempts).toEqual({ succeeded: 0, failed: 1 })
        expect(await story.stateOf(id)).toMatchObject({ attempts: 1, dueMs: t0 + hourMs })
        expect(await store.attempts(story.workspaceId, id)).toHaveLength(1)
        expect(await story.health()).toMatchObject({ consecutiveFailures: 1, backlog: 1 })
        // Another attempt of that number, as two nodes can make: it is another.
        await story.settle(id, { state: "waiting", dueMs: t0 + hourMs }, failedAttempt(1, { atMs: t0 + 1 }))
        expect(await store.attempts(story.workspaceId, id)).toHaveLength(2)
        expect(await story.health()).toMatchObject({ consecutiveFailures: 2 })
      })

      test("what was asked for between a commit whose answer was lost and its repetition stands", async () => {
        const id = await story.delivery()
        const attempt = failedAttempt(1)
        const settle = () => story.settle(id, { state: "exhausted", because: "attempts" }, attempt)
        await settle()
        await store.reopen(story.workspaceId, id, t0 + 5)
        expect(await settle()).toBe(true)
        expect(await story.stateOf(id)).toMatchObject({ state: "waiting", attempts: 1, dueMs: t0 + 5 })
        expect(await read({ read: "retries", byMs: t0 + 5 })).toMatchObject([{ id, attemptsBefore: 1 }])
      })

      test("so does what was asked for since an end without an attempt was decided", async () => {
        const id = await story.delivery()
        const { workspaceId, webhookId } = story
        const [waiting] = await read({ read: "head" })
        const expires = {
          ...{ workspaceId, webhookId, deliveryId: id, atMs: t0 + 1, attempt: null },
          ...{ next: { state: "expired" } as const, windowFromMs: waiting?.windowFromMs ?? 0 },
        }
        expect(await store.settle(expires)).toBe(true)
        expect(await story.stateOf(id)).toMatchObject({ state: "expired", endedMs: t0 + 1 })
        await store.reopen(workspaceId, id, t0 + 5)
        expect(await store.settle(expires)).toBe(true)
        expect(await story.stateOf(id)).toMatchObject({ state: "waiting", dueMs: t0 + 5 })
        expect(await read({ read: "retries", byMs: t0 + 5 })).toMatchObject([{ id, windowFromMs: t0 + 5 }])
      })

      test("a settlement for a delivery that is no longer stored writes nothing", async () => {
        expect(await story.settle(newDeliveryId(), { state: "delivered" }, newAttempt(1))).toBe(true)
        expect(await story.health()).toMatchObject({ lastSuccessMs: null })
      })

      test("health follows the attempts", async () => {
        const ids = [await story.delivery(), await story.delivery(), await story.delivery()] as const
        const later = { state: "waiting", dueMs: t0 + hourMs } as const
        expect(await story.health()).toEqual({
          workspaceId: story.workspaceId,
          webhookId: story.webhookId,
          consecutiveFailures: 0,
          failingSinceMs: null,
          lastSuccessMs: null,
          backlog: 3,
          lastSequence: 3,
        })
        await story.settle(ids[0], later, failedAttempt(1), t0 + 1)
        await story.settle(ids[1], later, failedAttempt(1), t0 + 2)
        expect(await story.health()).toMatchObject({ consecutiveFailures: 2, failingSinceMs: t0 + 1, backlog: 3 })
        await story.settle(ids[2], { state: "delivered" }, newAttempt(1), t0 + 3)
        expect(await story.health()).toMatchObject({
          consecutiveFailures: 0,
          failingSinceMs: null,
          lastSuccessMs: t0 + 3,
          backlog: 2,
        })
        await story.settle(ids[0], { state: "exhausted", because: "attempts" }, failedAttempt(2), t0 + 4)
        expect(await story.health()).toMatchObject({ consecutiveFailures: 1, failingSinceMs: t0 + 4, backlog: 1 })
      })

      test("a webhook that was never attempted has zeros", async () => {
        const zeros = { consecutiveFailures: 0, failingSinceMs: null, lastSuccessMs: null, backlog: 0, lastSequence: 0 }
        const all = await store.health(story.workspaceId, "all")
        expect([...all.keys()]).toEqual([story.webhookId])
        expect(all.get(story.webhookId)).toMatchObject(zeros)
        const unknown = newWebhookId()
        expect((await store.health(story.workspaceId, [unknown])).get(unknown)).toMatchObject(zeros)
      })
    })

    describe("reopening", () => {
      oneStoreForAll()

      test("one that had ended gets a fresh window and a fresh budget", async () => {
        const id = await story.delivery()
        await story.settle(id, { state: "waiting", dueMs: t0 + 1 }, failedAttempt(1))
        await story.settle(id, { state: "exhausted", because: "attempts" }, failedAttempt(2))
        expect(await store.reopen(story.workspaceId, id, t0 + hourMs)).toBe(story.webhookId)
        expect(await story.stateOf(id)).toMatchObject({
          status: "retrying",
          because: null,
          endedMs: null,
          dueMs: t0 + hourMs,
          windowFromMs: t0 + hourMs,
        })
        expect(await read({ read: "retries", byMs: t0 + hourMs })).toMatchObject([
          { id, attempts: 2, attemptsBefore: 2 },
        ])
        expect((await story.health()).backlog).toBe(1)
      })

      test("one that was waiting is due now and keeps its window and budget", async () => {
        const id = await story.delivery()
        await story.settle(id, { state: "waiting", dueMs: t0 + hourMs }, failedAttempt(1))
        expect(await store.reopen(story.workspaceId, id, t0 + 5)).toBe(story.webhookId)
        expect(await read({ read: "head" })).toMatchObject([
          { id, dueMs: t0 + 5, windowFromMs: t0, attempts: 1, attemptsBefore: 0 },
        ])
        expect((await story.health()).backlog).toBe(1)
      })

      test("one that was never attempted is found among the retries, whatever its sequence", async () => {
        const id = await story.delivery()
        await story.settle(id, { state: "expired" }, null)
        await store.reopen(story.workspaceId, id, t0 + 5)
        expect(await sequences({ read: "fresh", afterSequence: 0 })).toEqual([])
        expect(await sequences({ read: "retries", byMs: t0 + 5 })).toEqual([1])
        expect(await story.stateOf(id)).toMatchObject({ status: "pending" })
      })

      test("an id that the workspace does not have answers null", async () => {
        const elsewhere = await Story.of(store)
        const id = await story.delivery()
        expect(await store.reopen(story.workspaceId, newDeliveryId(), t0)).toBeNull()
        expect(await store.reopen(elsewhere.workspaceId, id, t0 + 1)).toBeNull()
        expect(await story.stateOf(id)).toMatchObject({ dueMs: t0 })
      })
    })

    describe("lanes", () => {
      oneStoreForAll()

      test("head: the first by sequence, whenever due and whatever their key, up to the limit", async () => {
        const first = await story.delivery()
        await story.delivery({ to: [{ webhookId: story.webhookId, laneKey: "k" }] })
        await story.delivery()
        await story.delivery({ to: [newWebhookId()] })
        const last = await story.delivery({ to: [{ webhookId: story.webhookId, laneKey: "k" }] })
        await story.settle(first, { state: "waiting", dueMs: t0 + hourMs }, failedAttempt(1))
        await story.settle(last, { state: "waiting", dueMs: t0 + hourMs }, failedAttempt(1))
        expect(await sequences({ read: "head" })).toEqual([1, 2, 3, 4])
        expect(await sequences({ read: "head", limit: 2 })).toEqual([1, 2])
      })

      test("all that sending needs comes with it", async () => {
        const event = newEvent({ type: "user.login", body: "{}", to: [{ webhookId: story.webhookId, laneKey: "é" }] })
        await story.accept(event)
        expect(await read({ read: "head" })).toEqual([
          {
            id: event.deliveries[0]?.id,
            workspaceId: story.workspaceId,
            webhookId: story.webhookId,
            eventId: event.id,
            eventType: "user.login",
            sequence: 1,
            laneKey: "é",
            attempts: 0,
            attemptsBefore: 0,
            dueMs: t0,
            windowFromMs: t0,
            trace: null,
            body: "{}",
          },
        ])
      })

      test("an event's trace comes with each of its deliveries, first and again", async () => {
        const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 vendor=a"
        const traced = await story.delivery({ trace })
        await story.delivery()
        const { workspaceId, webhookId } = story
        const traces = async () =>
          (await store.waiting({ workspaceId, webhookId, limit: 10, read: "head" })).map((delivery) => delivery.trace)
        expect(await traces()).toEqual([trace, null])
        await story.settle(traced, { state: "waiting", dueMs: t0 }, failedAttempt(1))
        expect(await traces()).toEqual([trace, null])
      })

      test("fresh ones after a sequence, retries by when they are due", async () => {
        const ids: DeliveryId[] = []
        for (let index = 0; index < 6; index++)
          ids.push(await story.delivery(index === 3 ? { to: [{ webhookId: story.webhookId, laneKey: "k" }] } : {}))
        const [first, second] = ids as [DeliveryId, DeliveryId]
        await story.settle(first, { state: "waiting", dueMs: t0 + 20 }, failedAttempt(1))
        await story.settle(second, { state: "waiting", dueMs: t0 + 10 }, failedAttempt(1))
        expect(await sequences({ read: "fresh", afterSequence: 0 })).toEqual([3, 4, 5, 6])
        expect(await sequences({ read: "fresh", afterSequence: 4 })).toEqual([5, 6])
        expect(await sequences({ read: "fresh", afterSequence: 0, limit: 2 })).toEqual([3, 4])
        expect(await sequences({ read: "retries", byMs: t0 + 9 })).toEqual([])
        expect(await sequences({ read: "retries", byMs: t0 + 10 })).toEqual([2])
        expect(await sequences({ read: "retries", byMs: t0 + 20 })).toEqual([2, 1])
        expect(await sequences({ read: "retries", byMs: t0 + 20, limit: 1 })).toEqual([2])
      })

      test("by key: one key's, and the head of every key in order", async () => {
        // In UTF-8 the emoji comes last; in UTF-16 it would come before U+FF5E.
        const keys = ["b", "a", "b", "🔔", "～", "b", "a", ""]
        for (const laneKey of keys) await story.delivery({ to: [{ webhookId: story.webhookId, laneKey }] })
        expect(await sequences({ read: "key", laneKey: "b" })).toEqual([1, 3, 6])
        expect(await sequences({ read: "key", laneKey: "b", limit: 1 })).toEqual([1])
        expect(await sequences({ read: "key", laneKey: "none" })).toEqual([])
        const heads = async (afterKey: string | null, limit = 100) =>
          (await read({ read: "keyHeads", afterKey, limit })).map((head) => [head.laneKey, head.sequence])
        expect(await heads(null)).toEqual([
          ["", 8],
          ["a", 2],
          ["b", 1],
          ["～", 5],
          ["🔔", 4],
        ])
        expect(await heads(null, 2)).toEqual([
          ["", 8],
          ["a", 2],
        ])
        expect(await heads("a", 2)).toEqual([
          ["b", 1],
          ["～", 5],
        ])
        expect(await heads("aa")).toEqual([
          ["b", 1],
          ["～", 5],
          ["🔔", 4],
        ])
        expect(await heads("🔔")).toEqual([])
      })

      test("a retried head stays the head of its key; a delivered one gives way", async () => {
        const to = [{ webhookId: story.webhookId, laneKey: "k" }]
        const first = await story.delivery({ to })
        await story.delivery({ to })
        await story.settle(first, { state: "waiting", dueMs: t0 + hourMs }, failedAttempt(1))
        expect(await sequences({ read: "keyHeads", afterKey: null })).toEqual([1])
        await story.settle(first, { state: "delivered" }, newAttempt(2))
        expect(await sequences({ read: "keyHeads", afterKey: null })).toEqual([2])
        expect(await sequences({ read: "key", laneKey: "k" })).toEqual([2])
      })

      test("nextDue is the earliest later retry", async () => {
        const { workspaceId, webhookId } = story
        const nextDue = (afterMs: number) => store.nextDue(workspaceId, webhookId, afterMs)
        const [first, second] = [await story.delivery(), await story.delivery()]
        expect(await nextDue(0)).toBeNull()
        await story.settle(first, { state: "waiting", dueMs: t0 + 20 }, failedAttempt(1))
        await story.settle(second, { state: "waiting", dueMs: t0 + 10 }, failedAttempt(1))
        expect(await nextDue(t0)).toBe(t0 + 10)
        expect(await nextDue(t0 + 10)).toBe(t0 + 20)
        expect(await nextDue(t0 + 20)).toBeNull()
        await story.settle(first, { state: "delivered" }, newAttempt(2))
        expect(await nextDue(t0 + 10)).toBeNull()
      })

      test("backlogs name the webhooks that have something waiting, and how much", async () => {
        const own = async () => (await store.backlogs()).filter((backlog) => backlog.workspaceId === story.workspaceId)
        expect(await own()).toEqual([])
        const [first] = [await story.delivery(), await story.delivery()]
        const { workspaceId, webhookId } = story
        expect(await own()).toEqual([{ workspaceId, webhookId, waiting: 2 }])
        await story.settle(first, { state: "delivered" }, newAttempt(1))
        expect(await own()).toEqual([{ workspaceId, webhookId, waiting: 1 }])
        await store.reopen(workspaceId, first, t0)
        expect(await own()).toEqual([{ workspaceId, webhookId, waiting: 2 }])
      })

      test("since when the first waits, whether it was tried or not", async () => {
        const since = async () => (await store.waitingSince()).filter((each) => each.workspaceId === story.workspaceId)
        const { workspaceId, webhookId } = story
        expect(await since()).toEqual([])
        const tried = await story.delivery({ acceptedMs: t0 })
        const fresh = await story.delivery({ acceptedMs: t0 + minuteMs })
        await story.delivery({ acceptedMs: t0 + 2 * minuteMs })
        await story.settle(tried, { state: "waiting", dueMs: t0 + hourMs }, failedAttempt(1))
        expect(await since()).toEqual([{ workspaceId, webhookId, waiting: 3, sinceMs: t0 }])
        await story.settle(tried, { state: "delivered" }, newAttempt(2))
        expect(await since()).toEqual([{ workspaceId, webhookId, waiting: 2, sinceMs: t0 + minuteMs }])
        await story.settle(fresh, { state: "waiting", dueMs: t0 + hourMs }, failedAttempt(1))
        expect(await since()).toEqual([{ workspaceId, webhookId, waiting: 2, sinceMs: t0 + minuteMs }])
      })

      test("what waits for a deleted webhook is cancelled in steps", async () => {
        const ids: DeliveryId[] = []
        for (let index = 0; index < 5; index++) ids.push(await story.delivery())
        await story.settle(ids[0] ?? newDeliveryId(), { state: "waiting", dueMs: t0 + hourMs }, failedAttempt(1))
        await story.webhook({ deletedMs: t0 })
        const cancel = () => store.cancelWaiting(story.workspaceId, story.webhookId, t0 + 7, 3)
        expect([await cancel(), await cancel(), await cancel()]).toEqual([3, 2, 0])
        for (const id of ids)
          expect(await story.stateOf(id)).toMatchObject({ state: "cancelled", endedMs: t0 + 7, dueMs: null })
        expect(await sequences({ read: "head" })).toEqual([])
      })

      test("nothing is cancelled of a webhook that is there, whatever it is asked", async () => {
        const id = await story.delivery()
        const cancel = () => store.cancelWaiting(story.workspaceId, story.webhookId, t0 + 7, 3)
        expect(await cancel()).toBe(0)
        await story.webhook({ active: false })
        expect(await cancel()).toBe(0)
        expect(await story.stateOf(id)).toMatchObject({ state: "waiting" })
        expect(await sequences({ read: "head" })).toEqual([1])
      })
    })

    describe("statuses", () => {
      oneStoreForAll()

      const statusesListed = async (filter: DeliveryFilter = {}) => {
        const listed: Partial<Record<DeliveryStatus, number>> = {}
        for (const status of deliveryStatuses) {
          const found = await store.deliveries(story.workspaceId, { ...filter, status }, firstPage)
          expect(found.every((record) => record.status === status)).toBe(true)
          if (found.length > 0) listed[status] = found.length
        }
        return listed
      }

      test("what waits is pending, retrying, held or cancelled as its webhook says", async () => {
        const [tried] = [await story.delivery(), await story.delivery(), await story.delivery()]
        await story.settle(tried, { state: "waiting", dueMs: t0 + hourMs }, failedAttempt(1))
        expect(await statusesListed()).toEqual({ pending: 2, retrying: 1 })
        await story.webhook({ active: false })
        expect(await statusesListed()).toEqual({ held: 3 })
        await story.webhook({ disabled: { reason: "gone", atMs: t0 } })
        expect(await statusesListed()).toEqual({ held: 3 })
        await story.webhook({ verification: { enabled: true, verifiedAtMs: null } })
        expect(await statusesListed()).toEqual({ held: 3 })
        await story.webhook({ verification: { enabled: true, verifiedAtMs: t0 } })
        expect(await statusesListed()).toEqual({ pending: 2, retrying: 1 })
        await story.webhook({ deletedMs: t0, active: false })
        expect(await statusesListed({ webhookId: story.webhookId })).toEqual({ cancelled: 3 })
        expect(await story.stateOf(tried)).toMatchObject({ state: "waiting", status: "cancelled", dueMs: null })
      })

      test("what has ended keeps its status when the webhook changes", async () => {
        const ends = [
          { state: "delivered" },
          { state: "exhausted", because: "attempts" },
          { state: "expired" },
          { state: "cancelled" },
        ] as const
        for (const next of ends)
          await story.settle(await story.delivery(), next, next.state === "delivered" ? newAttempt(1) : null)
        await story.webhook({ active: false })
        expect(await statusesListed()).toEqual({ delivered: 1, exhausted: 1, expired: 1, cancelled: 1 })
      })
    })

    describe("lists", () => {
      oneStoreForAll()

      test("events are newest first, and a page goes on where the last one ended, whatever is added meanwhile", async () => {
        const events = Array.from({ length: 25 }, (_, index) => newEvent({ acceptedMs: t0 + index }))
        for (const event of events) await story.accept(event)
        const seen: string[] = []
        let before: string | null = null
        for (;;) {
          const page = await store.events(story.workspaceId, {}, { limit: 10, before })
          if (page.length === 0) break
          seen.push(...page.map((event) => event.id))
          before = page.at(-1)?.id ?? null
          await story.accept(newEvent({ acceptedMs: t0 + hourMs }))
        }
        expect(seen).toEqual(events.map((event) => event.id).reverse())
      })

      test("events are found by type, time and text", async () => {
        const at = (index: number) => t0 + index * minuteMs
        const events = ["a.one", "a.two", "a.one", "a.two"].map((type, index) =>
          newEvent({ type, acceptedMs: at(index), body: `{"n":${index},"who":"BÜCKET-${index % 2}"}` }),
        )
        await story.accept(...events)
        const found = async (filter: Parameters<Store["events"]>[1], limit = 100) =>
          (await store.events(story.workspaceId, filter, { limit, before: null })).map((found) =>
            events.findIndex((event) => event.id === found.id),
          )
        expect(await found({ type: "a.one" })).toEqual([2, 0])
        expect(await found({ type: "a.one" }, 1)).toEqual([2])
        expect(await found({ fromMs: at(1), toMs: at(3) })).toEqual([2, 1])
        expect(await found({ text: "bÜcket-1" })).toEqual([3, 1])
        expect(await found({ text: "100%_" })).toEqual([])
        expect(await found({ text: "cket-1", type: "a.two", fromMs: at(2) })).toEqual([3])
      })

      test("deliveries are found by webhook, event, type and time, newest first, page by page", async () => {
        const other = newWebhookId()
        const at = (index: number) => t0 + index * minuteMs
        const events = Array.from({ length: 12 }, (_, index) =>
          newEvent({
            type: index % 3 === 0 ? "a.one" : "a.two",
            acceptedMs: at(index),
            to: index % 2 === 0 ? [story.webhookId] : [story.webhookId, other],
          }),
        )
        for (const event of events) await story.accept(event)
        const found = async (filter: DeliveryFilter) => {
          const seen: number[] = []
          let before: string | null = null
          for (;;) {
            const page = await store.deliveries(story.workspaceId, filter, { limit: 4, before })
            seen.push(...page.map((record) => events.findIndex((event) => event.id === record.eventId)))
            before = page.at(-1)?.id ?? null
            if (before === null) return seen
          }
        }
        expect(await found({ webhookId: story.webhookId })).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
        expect(await found({ webhookId: other })).toEqual([11, 9, 7, 5, 3, 1])
        expect(await found({ webhookId: newWebhookId() })).toEqual([])
        expect(await found({ eventId: events[3]?.id ?? newEventId() })).toEqual([3, 3])
        expect(await found({ eventId: events[3]?.id ?? newEventId(), webhookId: other })).toEqual([3])
        expect(await found({ eventId: newEventId() })).toEqual([])
        expect(await found({ webhookId: story.webhookId, eventType: "a.one" })).toEqual([9, 6, 3, 0])
        expect(await found({ webhookId: other, fromMs: at(3), toMs: at(9) })).toEqual([7, 5, 3])
        expect(await found({ webhookId: other, status: "delivered" })).toEqual([])
        expect(await found({ webhookId: other, status: "pending", eventType: "a.one" })).toEqual([9, 3])
        expect(await found({})).toHaveLength(18)
      })

      test("what few rows pass is found in a history that takes many reads to go through", {
        timeout: 60_000,
      }, async () => {
        const strides = 2.5
        const rare = [3, 5_001, 9_000, 12_000]
        const all: string[] = []
        for (let first = 0; first < strides * 5_000; first += 500)
          await story.accept(
            ...Array.from({ length: 500 }, (_, offset) => {
              const isRare = rare.includes(first + offset)
              const event = newEvent({
                acceptedMs: t0 + first,
                to: [story.webhookId],
                ...(isRare && { body: '{"rare":1}', type: "a.rare" }),
              })
              if (isRare) all.unshift(event.id)
              return event
            }),
          )
        const { workspaceId } = story
        const events = async (limit: number, before: string | null) =>
          (await store.events(workspaceId, { text: '"RARE"' }, { limit, before })).map(({ id }) => id)
        expect(await events(10, null)).toEqual(all)
        expect(await events(2, null)).toEqual(all.slice(0, 2))
        expect(await events(2, all[1] ?? null)).toEqual(all.slice(2))
        expect(await events(2, all.at(-1) ?? null)).toEqual([])
        for (const filter of [{}, { webhookId: story.webhookId }]) {
          const page = (limit: number, before: string | null) =>
            store.deliveries(workspaceId, { ...filter, eventType: "a.rare" }, { limit, before })
          const found = await page(3, null)
          expect(found.map(({ sequence }) => sequence)).toEqual([12_001, 9_001, 5_002])
          expect((await page(3, found.at(-1)?.id ?? null)).map(({ sequence }) => sequence)).toEqual([4])
        }
      })

      test("a text is found in bodies of which one read searches but a few, all of them in order, page by page", {
        timeout: 60_000,
      }, async () => {
        const filler = "x".repeat(200_000)
        const sought: string[] = []
        for (let index = 0; index < 45; index++) {
          const isSought = index % 2 === 0 || index > 40
          const event = newEvent({
            acceptedMs: t0 + index,
            type: index % 4 === 0 ? "a.one" : "a.two",
            body: `{"filler":"${filler}","end":"${isSought ? "Needle" : "hay"}"}`,
          })
          await story.accept(event)
          // Small ones between: a read of those alone may go far.
          await story.accept(...Array.from({ length: 20 }, () => newEvent({ acceptedMs: t0 + index })))
          if (isSought) sought.unshift(event.id)
        }
        const found = async (filter: Parameters<Store["events"]>[1], limit: number) => {
          const seen: string[] = []
          let before: string | null = null
          for (;;) {
            const page = await store.events(story.workspaceId, filter, { limit, before })
            seen.push(...page.map(({ id }) => id))
            before = page.at(-1)?.id ?? null
            if (page.length < limit) return seen
          }
        }
        expect(sought).toHaveLength(25)
        for (const limit of [1, 7, 100]) expect(await found({ text: "needle" }, limit)).toEqual(sought)
        const ofOne = await found({ text: "needle", type: "a.one" }, 5)
        expect(ofOne).toEqual(await found({ type: "a.one" }, 100))
        expect(ofOne).toHaveLength(12)
        expect(await found({ text: "needle", fromMs: t0 + 41, toMs: t0 + 44 }, 2)).toEqual(sought.slice(1, 4))
        expect(await found({ text: "straw" }, 10)).toEqual([])
      })

      test("lists of events come without the bodies, which one event has", async () => {
        const event = newEvent({ body: '{"data":"long"}' })
        await story.accept(event)
        const [listed] = await store.events(story.workspaceId, {}, firstPage)
        const { body, ...rest } = (await store.event(story.workspaceId, event.id)) ?? {}
        expect(body).toBe('{"data":"long"}')
        expect(listed).toStrictEqual(rest)
      })

      test("a list is not begun for whoever has gone", async () => {
        const { workspaceId } = story
        const signal = AbortSignal.abort()
        await expect(store.events(workspaceId, {}, firstPage, signal)).rejects.toMatchObject({ name: "AbortError" })
        await expect(store.deliveries(workspaceId, {}, firstPage, signal)).rejects.toMatchObject({ name: "AbortError" })
      })

      test("the audit log is newest first, for one workspace or for all", async () => {
        const elsewhere = await Story.of(store)
        const entries = ["a", "b", "c"].map((action) => auditOf(story.workspaceId, action))
        const foreign = auditOf(elsewhere.workspaceId, "d")
        for (const entry of [...entries, foreign]) expect(await store.note(entry)).toBe(entry.id)
        expect(await store.audit(story.workspaceId, firstPage)).toMatchObject([...entries].reverse())
        const page = await store.audit(story.workspaceId, { limit: 2, before: null })
        expect(page.map((entry) => entry.action)).toEqual(["c", "b"])
        expect(await store.audit(story.workspaceId, { limit: 2, before: page[1]?.id ?? null })).toMatchObject([
          { ...entries[0] },
        ])
        const all = await store.audit(null, firstPage)
        expect(all.slice(0, 4).map((entry) => entry.action)).toEqual(["d", "c", "b", "a"])
      })

      test("each workspace's audit log is a chain in the order of its commits, which checks out", async () => {
        const elsewhere = await Story.of(store)
        expect(await store.auditHead(story.workspaceId)).toBeNull()
        const [a, b, c, d] = ["a", "b", "c", "d"].map((action) => auditOf(story.workspaceId, action))
        if (!a || !b || !c || !d) throw new Error("four entries were made")
        const key = { kind: "apiKey", put: apiKeyOf(story.workspaceId) } as const
        // Minted first, committed last: the chain follows the commits.
        await store.note(b)
        await Promise.all([store.note(auditOf(elsewhere.workspaceId, "foreign")), store.configure([key], [c, d])])
        await store.note(a)
        const chain = await store.auditChain(story.workspaceId, 0, 10)
        expect(chain.map(({ action, sequence }) => [action, sequence])).toEqual([
          ["b", 1],
          ["c", 2],
          ["d", 3],
          ["a", 4],
        ])
        expect(await store.auditChain(story.workspaceId, 2, 1)).toEqual([chain[2]])
        expect(await store.audit(story.workspaceId, firstPage)).toEqual([chain[2], chain[1], chain[0], chain[3]])
        expect(await store.auditHead(story.workspaceId)).toEqual({ sequence: 4, hash: chain[3]?.hash })
        expect(await chainOf(elsewhere.workspaceId)).toMatchObject({ records: 1, flaw: null })
        expect(await chainOf(story.workspaceId)).toMatchObject({ records: 4, flaw: null })
      })

      test("many who write at once make one chain", async () => {
        const entries = Array.from({ length: 40 }, (_, n) => auditOf(story.workspaceId, `n${n}`))
        await Promise.all(entries.map((entry, n) => (n % 2 === 0 ? store.note(entry) : store.configure([], [entry]))))
        expect(await chainOf(story.workspaceId)).toMatchObject({ records: 40, flaw: null })
      })

      async function chainOf(workspaceId: WorkspaceId) {
        const check = new ChainCheck()
        for (const record of await store.auditChain(workspaceId, 0, 1_000)) check.take(record)
        return check.end(await store.auditHead(workspaceId))
      }
    })

    describe("statistics", () => {
      oneStoreForAll()

      test("deliveries by status now, attempts, latency and a series", async () => {
        const since = t0
        const nowMs = t0 + 4 * minuteMs
        await story.settle(
          await story.delivery({ acceptedMs: t0 - minuteMs }),
          { state: "delivered" },
          newAttempt(1, { atMs: t0 - minuteMs, durationMs: 900 }),
        )
        const [a, b] = [await story.delivery(), await story.delivery({ acceptedMs: t0 + minuteMs })]
        await story.delivery({ acceptedMs: t0 + 3 * minuteMs })
        await story.settle(
          a,
          { state: "waiting", dueMs: t0 + 2 * minuteMs },
          failedAttempt(1, { atMs: t0, durationMs: 10 }),
        )
        await story.settle(a, { state: "delivered" }, newAttempt(2, { atMs: t0 + 2 * minuteMs, durationMs: 20 }))
        await story.settle(
          b,
          { state: "waiting", dueMs: nowMs },
          failedAttempt(1, { atMs: t0 + 2 * minuteMs, durationMs: 5_000, statusCode: null }, "timeout"),
        )
        const stats = () => store.stats(story.workspaceId, story.webhookId, since, nowMs, 2)
        const none = { pending: 0, held: 0, retrying: 0, delivered: 0, exhausted: 0, expired: 0, cancelled: 0 }
        expect(await stats()).toEqual({
          byStatus: { ...none, pending: 1, retrying: 1, delivered: 1 },
          attempts: { succeeded: 1, failed: 2 },
          series: [
            { atMs: t0, delivered: 0, failed: 1, latencies: latenciesOf(10) },
            // What never answered took no time that would tell anything.
            { atMs: t0 + 2 * minuteMs, delivered: 1, failed: 1, latencies: latenciesOf(20) },
          ],
        })
        await story.webhook({ active: false })
        expect((await stats()).byStatus).toEqual({ ...none, held: 2, delivered: 1 })
        await story.webhook({ deletedMs: t0 })
        expect((await stats()).byStatus).toEqual({ ...none, cancelled: 2, delivered: 1 })
        await store.cancelWaiting(story.workspaceId, story.webhookId, nowMs, 10)
        expect((await stats()).byStatus).toEqual({ ...none, cancelled: 2, delivered: 1 })
      })

      test("attempts by the minute they began in, those alone and of this webhook alone", async () => {
        const other = await Story.of(store)
        const minuteOf = (ms: number) => Math.floor(ms / minuteMs) * minuteMs
        const asked = (sinceMs: number) => store.attemptsByMinute(other.workspaceId, other.webhookId, sinceMs)
        expect(await asked(0)).toEqual([])
        const [a, b] = [await other.delivery(), await other.delivery()]
        const waits = { state: "waiting", dueMs: t0 + 9 * minuteMs } as const
        await other.settle(a, waits, failedAttempt(1, { atMs: t0 }))
        await other.settle(b, { state: "delivered" }, newAttempt(1, { atMs: t0 }))
        await other.settle(a, { state: "delivered" }, newAttempt(2, { atMs: t0 + 3 * minuteMs }))
        const [first, last] = [minuteOf(t0), minuteOf(t0 + 3 * minuteMs)]
        const both = [
          { minuteMs: first, attempts: 2 },
          { minuteMs: last, attempts: 1 },
        ]
        expect(await asked(first)).toEqual(both)
        expect(await asked(first + minuteMs - 1)).toEqual(both)
        expect(await asked(first + minuteMs)).toEqual(both.slice(1))
        expect(await store.attemptsByMinute(story.workspaceId, other.webhookId, 0)).toEqual([])
      })

      test("latencies of a minute add up over commits, in whatever order they come", async () => {
        const other = await Story.of(store)
        const at = [t0, t0 + minuteMs, t0 + 2 * minuteMs]
        const took: number[][] = at.map(() => [])
        const settleIn = async (slice: number, durationMs: number) => {
          took[slice]?.push(durationMs)
          await story.settle(
            await story.delivery(),
            { state: "delivered" },
            newAttempt(1, { atMs: at[slice] ?? t0, durationMs }),
          )
        }
        await settleIn(0, 3)
        await settleIn(1, 100)
        // One that took long is settled after others that began later.
        await settleIn(0, 29_000)
        await settleIn(1, 7)
        await settleIn(0, 3.1)
        // Many at once share a commit, of this webhook and of another.
        await Promise.all([
          ...Array.from({ length: 50 }, (_, n) => settleIn(n % 3, 2 ** (n % 12))),
          ...Array.from({ length: 10 }, async () =>
            other.settle(await other.delivery(), { state: "delivered" }, newAttempt(1, { atMs: t0, durationMs: 500 })),
          ),
        ])
        const { series } = await store.stats(story.workspaceId, story.webhookId, t0, t0 + 3 * minuteMs, 3)
        expect(series.map(({ latencies }) => latencies)).toEqual(took.map((each) => latenciesOf(...each)))
        const all = await store.stats(story.workspaceId, story.webhookId, t0, t0 + 3 * minuteMs, 1)
        expect(all.series.map(({ latencies }) => latencies)).toEqual([latenciesOf(...took.flat())])
        const others = await store.stats(other.workspaceId, other.webhookId, t0, t0 + minuteMs, 1)
        expect(others.series.map(({ latencies }) => latencies)).toEqual([latenciesOf(...Array(10).fill(500))])
      })

      test("a webhook without any has zeros and no latency", async () => {
        const stats = await store.stats(story.workspaceId, newWebhookId(), t0, t0 + hourMs, 3)
        expect(stats).toMatchObject({ attempts: { succeeded: 0, failed: 0 } })
        expect(stats.series.flatMap((point) => point.latencies)).toEqual([])
        expect(stats.series.map((point) => point.atMs - t0)).toEqual([0, hourMs / 3, (hourMs / 3) * 2])
        expect(Object.values(stats.byStatus).every((count) => count === 0)).toBe(true)
      })
    })

    describe("configuration", () => {
      oneStoreForAll()

      const config = async () => {
        const all = await store.loadConfig()
        const own = <Item extends { workspaceId: string }>(items: readonly Item[]) =>
          items.filter((item) => item.workspaceId === story.workspaceId)
        return {
          workspaces: all.workspaces.filter((workspace) => workspace.id === story.workspaceId),
          apiKeys: own(all.apiKeys),
          webhooks: own(all.webhooks),
          eventTypes: own(all.eventTypes),
        }
      }

      test("records are written whole and read back as they were", async () => {
        const { workspaceId, webhookId } = story
        const key = apiKeyOf(workspaceId)
        const type = { ...eventTypeOf(workspaceId, "own.type", 1), schema: { type: "object" }, sample: { a: [1] } }
        const hook = webhookOf(workspaceId, webhookId, 2, {
          filters: { severity: ["HIGH"] },
          rateLimit: { requests: 5, perSeconds: 1 },
          ordering: "by_key",
          sealed: "é🔔",
        })
        const entry = auditOf(workspaceId, "webhook.updated")
        expect(
          await store.configure(
            [
              { kind: "apiKey", put: key },
              { kind: "eventType", put: type },
              { kind: "webhook", put: hook },
            ],
            [entry],
          ),
        ).toBe("done")
        expect(await config()).toEqual({
          workspaces: [workspaceOf(workspaceId)],
          apiKeys: [key],
          webhooks: [hook],
          eventTypes: [type],
        })
        expect(await store.audit(workspaceId, firstPage)).toMatchObject([entry])
        await store.configure([{ kind: "eventTypeDeleted", workspaceId, name: "own.type" }], [])
        expect((await config()).eventTypes).toEqual([])
        const again = eventTypeOf(workspaceId, "own.type", 1)
        expect(await store.configure([{ kind: "eventType", put: again }], [])).toBe("done")
      })

      test("a deleted webhook is not read back, and nobody makes another of its name", async () => {
        const { workspaceId, webhookId } = story
        const kept = newWebhookId()
        await store.configure([{ kind: "webhook", put: webhookOf(workspaceId, kept, 1) }], [])
        await story.webhook({ deletedMs: t0 })
        expect((await config()).webhooks).toMatchObject([{ id: kept }])
        for (const version of [1, 2])
          expect(
            await store.configure([{ kind: "webhook", put: webhookOf(workspaceId, webhookId, version) }], []),
          ).toBe("conflict")
      })

      test("a change of a version that is no longer current is a conflict, and nothing of it is written", async () => {
        const { workspaceId, webhookId } = story
        const before = await config()
        const key = apiKeyOf(workspaceId)
        for (const version of [0, 1, 3]) {
          const put = webhookOf(workspaceId, webhookId, version, { active: false })
          const outcome = await store.configure(
            [
              { kind: "apiKey", put: key },
              { kind: "workspace", put: { ...workspaceOf(workspaceId, 2), name: "New" } },
              { kind: "webhook", put },
            ],
            [auditOf(workspaceId, "webhook.updated")],
          )
          expect(outcome).toBe("conflict")
        }
        expect(await config()).toEqual(before)
        expect(await store.audit(workspaceId, firstPage)).toEqual([])
        const newType = { kind: "eventType", put: eventTypeOf(workspaceId, "own.type", 2) } as const
        expect(await store.configure([newType], [])).toBe("conflict")
      })

      test("of two rivals that read the same version, one wins", async () => {
        const put = (description: string) =>
          store.configure(
            [{ kind: "webhook", put: webhookOf(story.workspaceId, story.webhookId, 2, { description }) }],
            [],
          )
        expect((await Promise.all([put("a"), put("b")])).sort()).toEqual(["conflict", "done"])
      })

      test("two changes of one record in one call follow each other", async () => {
        const { workspaceId } = story
        const id = newWebhookId()
        const put = (version: number) => ({ kind: "webhook", put: webhookOf(workspaceId, id, version) }) as const
        expect(await store.configure([put(1), put(1)], [])).toBe("conflict")
        expect(await store.configure([put(1), put(2)], [])).toBe("done")
      })

      test("a settlement and the event that it brings about are one: both there, and the event once", async () => {
        const told = newWebhookId()
        const { workspaceId, webhookId } = story
        const deliveryId = await story.delivery()
        const brings = newEvent({
          to: [told, webhookId],
          idempotency: { key: `given up ${deliveryId}`, fingerprint: "f" },
          attributes: { severity: null },
        })
        const settlement = {
          workspaceId,
          webhookId,
          deliveryId,
          atMs: t0,
          attempt: recordedAttempt(failedAttempt(1)),
          next: { state: "exhausted", because: "attempts" },
          brings,
        } as const
        expect(await store.settle(settlement)).toBe(true)
        const after = await story.delivery()
        expect(await story.stateOf(deliveryId)).toMatchObject({ state: "exhausted", attempts: 1 })
        expect(await store.event(workspaceId, brings.id)).toMatchObject({
          deliveries: 2,
          attributes: { severity: null },
        })
        expect(await store.waiting({ workspaceId, webhookId: told, read: "head", limit: 10 })).toMatchObject([
          { eventId: brings.id, sequence: 1 },
        ])
        expect((await read({ read: "head" })).map(({ id, sequence }) => [id, sequence])).toEqual([
          [brings.deliveries[1]?.id, 2],
          [after, 3],
        ])
        // Made again, as after a commit whose answer was lost: neither is there twice.
        await store.settle({ ...settlement, brings: newEvent({ to: [told], idempotency: brings.idempotency }) })
        await store.settle({
          ...settlement,
          brings: newEvent({ to: [told], idempotency: { key: `given up ${deliveryId}`, fingerprint: "other" } }),
        })
        expect(await store.waiting({ workspaceId, webhookId: told, read: "head", limit: 10 })).toHaveLength(1)
      })

      test("a change and the event that it brings about are one; a conflict brings nothing", async () => {
        const { workspaceId, webhookId } = story
        const told = newWebhookId()
        const put = (version: number) =>
          [{ kind: "webhook", put: webhookOf(workspaceId, webhookId, version, { active: false }) }] as const
        const brings = () => ({ workspaceId, event: newEvent({ to: [told] }) })
        expect(await store.configure(put(9), [], brings())).toBe("conflict")
        const rivals = [brings(), brings()] as const
        const outcomes = await Promise.all(rivals.map((event) => store.configure(put(2), [], event)))
        // Either may win where two connections write.
        expect([...outcomes].sort()).toEqual(["conflict", "done"])
        const [kept, lost] = outcomes[0] === "done" ? rivals : ([rivals[1], rivals[0]] as const)
        expect(await store.event(workspaceId, kept.event.id)).toMatchObject({ deliveries: 1 })
        expect(await store.event(workspaceId, lost.event.id)).toBe(null)
        expect(await store.waiting({ workspaceId, webhookId: told, read: "head", limit: 10 })).toMatchObject([
          { eventId: kept.event.id, sequence: 1 },
        ])
      })

      test("keys remember when they were last used", async () => {
        const { workspaceId } = story
        const [used, unused] = [apiKeyOf(workspaceId), apiKeyOf(workspaceId)]
        await store.configure(
          [used, unused].map((put) => ({ kind: "apiKey", put }) as const),
          [],
        )
        await store.touchKeys([{ workspaceId, id: used.id, atMs: t0 + 5 }])
        await store.touchKeys([{ workspaceId, id: used.id, atMs: t0 + 3 }])
        await store.configure([{ kind: "apiKey", put: { ...used, revokedMs: t0 + 9 } }], [])
        expect(await store.keyLastUsed(workspaceId)).toEqual(new Map([[used.id, t0 + 5]]))
      })

      test("a key that is forgotten leaves nothing; one that nobody knows can be forgotten too", async () => {
        const { workspaceId } = story
        const [gone, kept] = [apiKeyOf(workspaceId), apiKeyOf(workspaceId)]
        const put = [gone, kept].map((key) => ({ kind: "apiKey", put: key }) as const)
        await store.configure(put, [])
        await store.touchKeys([gone, kept].map(({ id }) => ({ workspaceId, id, atMs: t0 })))
        const forget = { kind: "apiKeyForgotten", workspaceId, id: gone.id } as const
        const stranger = (await Story.of(store)).workspaceId
        expect(await store.configure([{ ...forget, workspaceId: stranger }], [])).toBe("done")
        expect((await config()).apiKeys).toHaveLength(2)
        for (let times = 0; times < 2; times++) expect(await store.configure([forget], [])).toBe("done")
        expect((await config()).apiKeys).toEqual([kept])
        expect(await store.keyLastUsed(workspaceId)).toEqual(new Map([[kept.id, t0]]))
      })

      test("a deleted workspace shows nothing, at once, and forgetting removes it", async () => {
        const { workspaceId, webhookId } = story
        const key = apiKeyOf(workspaceId)
        const event = newEvent({ to: [webhookId] })
        const delivery = event.deliveries[0]?.id ?? newDeliveryId()
        const replay = replayOf(workspaceId, webhookId)
        await store.configure(
          [
            { kind: "apiKey", put: key },
            { kind: "eventType", put: eventTypeOf(workspaceId, "own.type", 1) },
          ],
          [],
        )
        await story.accept(event)
        await story.settle(delivery, { state: "waiting", dueMs: t0 + 1 }, failedAttempt(1))
        await store.putReplay(replay)
        await store.touchKeys([{ workspaceId, id: key.id, atMs: t0 }])
        const entry = auditOf(workspaceId, "workspace.deleted")
        expect(await store.configure([{ kind: "workspaceDeleted", id: workspaceId, atMs: t0 + 1 }], [entry])).toBe(
          "done",
        )

        const nothing = async () => {
          expect(await store.event(workspaceId, event.id)).toBeNull()
          expect(await store.events(workspaceId, {}, firstPage)).toEqual([])
          expect(await store.delivery(workspaceId, delivery)).toBeNull()
          expect(await store.deliveries(workspaceId, {}, firstPage)).toEqual([])
          expect(await store.attempts(workspaceId, delivery)).toEqual([])
          expect(await read({ read: "head" })).toEqual([])
          expect(await store.nextDue(workspaceId, webhookId, 0)).toBeNull()
          expect((await store.backlogs()).filter((backlog) => backlog.workspaceId === workspaceId)).toEqual([])
          expect(await store.replay(workspaceId, replay.id)).toBeNull()
          expect((await store.openReplays()).filter((open) => open.workspaceId === workspaceId)).toEqual([])
          expect(await store.keyLastUsed(workspaceId)).toEqual(new Map())
          expect(await store.health(workspaceId, "all")).toEqual(new Map())
          expect(await store.reopen(workspaceId, delivery, t0)).toBeNull()
          expect(
            await store.enqueue({ workspaceId, webhookId, nowMs: t0, deliveries: [], replay, examinedBefore: 0 }),
          ).toBeNull()
        }
        await nothing()
        expect(await config()).toMatchObject({
          workspaces: [],
          eventTypes: [],
          apiKeys: [{ id: key.id, revokedMs: t0 + 1 }],
          webhooks: [],
        })
        const late = { kind: "webhook", put: webhookOf(workspaceId, newWebhookId(), 1) } as const
        expect(await store.configure([late], [])).toBe("conflict")

        const neighbour = await Story.of(store)
        const kept = await neighbour.delivery()
        await forgetAll(0, 1)
        await nothing()
        expect(await config()).toEqual({ workspaces: [], apiKeys: [], webhooks: [], eventTypes: [] })
        expect(await neighbour.stateOf(kept)).toMatchObject({ status: "pending" })
        // What was done stays on record.
        expect((await store.audit(null, firstPage)).map((found) => found.id)).toContain(entry.id)
      })
    })

    describe("replays", () => {
      oneStoreForAll()
      const open = async () => (await store.openReplays()).filter((replay) => replay.workspaceId === story.workspaceId)

      test("jobs are kept, and open ones are found oldest first", async () => {
        const { workspaceId, webhookId } = story
        const late = replayOf(workspaceId, webhookId, { createdMs: t0 + 1, eventTypes: ["a"], statuses: ["exhausted"] })
        const early = replayOf(workspaceId, webhookId)
        await store.putReplay(late)
        await store.putReplay(early)
        expect(await open()).toEqual([early, late])
        expect(await store.replay(workspaceId, late.id)).toEqual(late)
        expect(await store.replay(workspaceId, newReplayId())).toBeNull()
        await store.putReplay({ ...early, state: "cancelled" })
        expect(await open()).toEqual([late])
      })

      test("one that is cancelled keeps what it has done by then; one that has ended stays as it is", async () => {
        const { workspaceId, webhookId } = story
        const replay = replayOf(workspaceId, webhookId)
        const progressed = { ...replay, examined: 7, enqueued: 3, updatedMs: t0 + 5 }
        await store.putReplay(progressed)
        const cancelled = { ...progressed, state: "cancelled", updatedMs: t0 + 9 }
        expect(await store.cancelReplay(workspaceId, replay.id, t0 + 9)).toEqual(cancelled)
        expect(await store.replay(workspaceId, replay.id)).toEqual(cancelled)
        const completed = { ...progressed, state: "completed" as const }
        await store.putReplay(completed)
        expect(await store.cancelReplay(workspaceId, replay.id, t0 + 20)).toEqual(completed)
        expect(await store.replay(workspaceId, replay.id)).toEqual(completed)
        expect(await store.cancelReplay(workspaceId, newReplayId(), t0)).toBeNull()
        expect(await open()).toEqual([])
      })

      test("candidates are the events of the span, oldest first, with what became of them", async () => {
        const { workspaceId, webhookId } = story
        const at = (index: number) => t0 + index * minuteMs
        const events = Array.from({ length: 5 }, (_, index) =>
          newEvent({
            type: `t.${index}`,
            acceptedMs: at(index),
            orderingKey: `k${index}`,
            attributes: { severity: "low" },
            to: index === 3 ? [newWebhookId()] : [webhookId],
          }),
        )
        for (const event of events) await story.accept(event)
        const delivery = (index: number) => events[index]?.deliveries[0]?.id ?? newDeliveryId()
        await story.settle(delivery(1), { state: "delivered" }, newAttempt(1))
        await story.settle(delivery(2), { state: "exhausted", because: "attempts" }, failedAttempt(1))
        const replay = replayOf(workspaceId, webhookId, { fromMs: at(1), toMs: at(4) })
        const first = { type: "t.1", orderingKey: "k1", attributes: { severity: "low" } }
        expect(await store.replayCandidates(replay, null, 10)).toEqual([
          { eventId: events[1]?.id, ...first, latest: "delivered", everDelivered: true },
          {
            eventId: events[2]?.id,
            ...first,
            type: "t.2",
            orderingKey: "k2",
            latest: "exhausted",
            everDelivered: false,
          },
          { eventId: events[3]?.id, ...first, type: "t.3", orderingKey: "k3", latest: null, everDelivered: false },
        ])
        const page = await store.replayCandidates(replay, events[1]?.id ?? null, 1)
        expect(page.map((candidate) => candidate.type)).toEqual(["t.2"])
      })

      test("enqueued deliveries are numbered after the rest, with the job's progress in the same commit", async () => {
        const { workspaceId, webhookId } = story
        const event = newEvent({ body: '{"first":1}', to: [webhookId] })
        await story.accept(event)
        await story.settle(event.deliveries[0]?.id ?? newDeliveryId(), { state: "delivered" }, newAttempt(1))
        const replay = replayOf(workspaceId, webhookId)
        await store.putReplay(replay)
        const ids = [newDeliveryId(t0 + hourMs), newDeliveryId(t0 + hourMs)] as const
        const progressed = { ...replay, afterId: event.id, examined: 1, enqueued: 2 }
        const enqueue = {
          workspaceId,
          webhookId,
          nowMs: t0 + hourMs,
          deliveries: [
            { id: ids[0], eventId: event.id, laneKey: "" },
            { id: ids[1], eventId: event.id, laneKey: "k" },
          ],
          replay: progressed,
          examinedBefore: 0,
        }
        expect(await store.enqueue(enqueue)).toEqual([2, 3])
        expect(await store.replay(workspaceId, replay.id)).toEqual(progressed)
        expect(await read({ read: "fresh", afterSequence: 0 })).toMatchObject([
          {
            id: ids[0],
            body: '{"first":1}',
            dueMs: t0 + hourMs,
            windowFromMs: t0 + hourMs,
            attempts: 0,
            laneKey: "",
          },
          { id: ids[1], laneKey: "k" },
        ])
        expect(await story.stateOf(ids[0])).toMatchObject({
          replayId: replay.id,
          createdMs: t0 + hourMs,
          eventId: event.id,
          status: "pending",
        })
        const [candidate] = await store.replayCandidates(replay, null, 1)
        expect(candidate).toMatchObject({ latest: "pending", everDelivered: true })
      })

      test("a step that has been made is not made again, and the next goes on from there", async () => {
        const { workspaceId, webhookId } = story
        const event = newEvent()
        await story.accept(event)
        const replay = replayOf(workspaceId, webhookId)
        await store.putReplay(replay)
        const stepTo = (examined: number) => ({
          ...{ workspaceId, webhookId, nowMs: t0, examinedBefore: examined - 1 },
          deliveries: [{ id: newDeliveryId(), eventId: event.id, laneKey: "" }],
          replay: { ...replay, examined, enqueued: examined },
        })
        expect(await store.enqueue(stepTo(1))).toEqual([1])
        expect(await store.enqueue(stepTo(1))).toBeNull()
        expect(await store.enqueue(stepTo(3))).toBeNull()
        expect(await store.enqueue(stepTo(2))).toEqual([2])
        expect(await store.replay(workspaceId, replay.id)).toMatchObject({ examined: 2, enqueued: 2 })
        expect(await sequences({ read: "head" })).toEqual([1, 2])
      })

      test("a job that has ended takes no more", async () => {
        const { workspaceId, webhookId } = story
        const event = newEvent()
        await story.accept(event)
        const replay = replayOf(workspaceId, webhookId, { state: "cancelled" })
        const enqueue = {
          workspaceId,
          webhookId,
          nowMs: t0,
          deliveries: [{ id: newDeliveryId(), eventId: event.id, laneKey: "" }],
          replay: { ...replay, state: "running" as const },
          examinedBefore: 0,
        }
        await store.putReplay(replay)
        expect(await store.enqueue(enqueue)).toBeNull()
        expect(await store.replay(workspaceId, replay.id)).toEqual(replay)
        expect(await sequences({ read: "head" })).toEqual([])
        expect((await story.health()).lastSequence).toBe(0)
        expect(await store.enqueue({ ...enqueue, replay: replayOf(workspaceId, webhookId) })).toBeNull()
      })

      test("an event that is no longer stored fails the whole call", async () => {
        const { workspaceId, webhookId } = story
        const event = newEvent()
        await story.accept(event)
        const replay = replayOf(workspaceId, webhookId)
        await store.putReplay(replay)
        const call = store.enqueue({
          workspaceId,
          webhookId,
          nowMs: t0,
          deliveries: [event.id, newEventId()].map((eventId) => ({ id: newDeliveryId(), eventId, laneKey: "" })),
          replay: { ...replay, enqueued: 2 },
          examinedBefore: 0,
        })
        await expect(call).rejects.toThrow()
        expect(await store.replay(workspaceId, replay.id)).toEqual(replay)
        expect(await sequences({ read: "head" })).toEqual([])
      })
    })

    describe("forgetting", () => {
      aStoreForEach()

      test("one that came while the clock was ahead does not keep those after it", async () => {
        const ahead = newEvent({ acceptedMs: t0 + 1_000 * hourMs })
        const [one, other] = [newEvent(), newEvent()]
        for (const event of [ahead, one, other]) await story.accept(event)
        await forgetAll(t0 + hourMs)
        expect((await store.events(story.workspaceId, {}, firstPage)).map(({ id }) => id)).toEqual([ahead.id])
      })

      test("what ended long ago goes, with its attempts and its key; the rest stays", async () => {
        const idempotency = { key: "k", fingerprint: "f" }
        const old = newEvent({ idempotency, to: [story.webhookId, story.webhookId] })
        await story.accept(old)
        for (const { id } of old.deliveries) await story.settle(id, { state: "delivered" }, newAttempt(1))
        const bare = newEvent()
        await story.accept(bare)
        const recent = newEvent({ acceptedMs: t0 + hourMs, to: [story.webhookId] })
        await story.accept(recent)
        await story.settle(
          recent.deliveries[0]?.id ?? newDeliveryId(),
          { state: "delivered" },
          newAttempt(1),
          t0 + hourMs,
        )

        await forgetAll(t0 + hourMs)
        for (const { id } of old.deliveries) {
          expect(await store.delivery(story.workspaceId, id)).toBeNull()
          expect(await store.attempts(story.workspaceId, id)).toEqual([])
        }
        expect((await store.events(story.workspaceId, {}, firstPage)).map((event) => event.id)).toEqual([recent.id])
        expect(await store.deliveries(story.workspaceId, {}, firstPage)).toHaveLength(1)
        const reused = newEvent({ acceptedMs: t0 + hourMs, idempotency, to: [story.webhookId] })
        expect(await story.accept(reused)).toMatchObject({ events: [{ duplicate: false, sequences: [4] }] })
      })

      test("never what waits, nor its event, however old", async () => {
        const event = newEvent({ to: [story.webhookId, story.webhookId] })
        const [kept, ended] = event.deliveries as [(typeof event.deliveries)[0], (typeof event.deliveries)[0]]
        await story.accept(event)
        await story.settle(ended.id, { state: "exhausted", because: "attempts" }, failedAttempt(1))
        await forgetAll(t0 + 1_000 * hourMs)
        expect(await store.delivery(story.workspaceId, ended.id)).toBeNull()
        expect(await story.stateOf(kept.id)).toMatchObject({ status: "pending" })
        expect((await read({ read: "head" }))[0]?.body).toBe(event.body)
        await story.settle(kept.id, { state: "delivered" }, newAttempt(1))
        await forgetAll(t0 + 1_000 * hourMs)
        expect(await store.event(story.workspaceId, event.id)).toBeNull()
        expect(await story.health()).toMatchObject({ lastSequence: 2, backlog: 0 })
      })

      test("a delivery's age counts from its end", async () => {
        const id = await story.delivery()
        await story.settle(id, { state: "delivered" }, newAttempt(1), t0 + hourMs)
        await forgetAll(t0 + hourMs)
        expect(await story.stateOf(id)).toMatchObject({ status: "delivered" })
        await forgetAll(t0 + hourMs + 1)
        expect(await store.delivery(story.workspaceId, id)).toBeNull()
      })

      test("it takes small steps, and says when nothing is left", async () => {
        const events = Array.from({ length: 40 }, () => newEvent({ to: [story.webhookId] }))
        await story.accept(...events)
        for (const event of events)
          await story.settle(event.deliveries[0]?.id ?? newDeliveryId(), { state: "delivered" }, newAttempt(1))
        expect(await store.forget(past(t0 + 1), 10)).toBe(true)
        const left = async () =>
          (await store.events(story.workspaceId, {}, firstPage)).length +
          (await store.deliveries(story.workspaceId, {}, firstPage)).length
        expect(await left()).toBeGreaterThanOrEqual(80 - 15)
        expect(await left()).toBeLessThan(80)
        await forgetAll(t0 + 1, 10)
        expect(await store.events(story.workspaceId, {}, firstPage)).toEqual([])
        expect(await store.forget(past(t0 + 1), 10)).toBe(false)
      })

      test("what statistics count goes with its deliveries, and stays while one of them waits", async () => {
        const counts = async () => {
          const stats = await store.stats(story.workspaceId, story.webhookId, t0 - hourMs, t0 + hourMs, 1)
          return Object.fromEntries(Object.entries(stats.byStatus).filter(([, count]) => count !== 0))
        }
        for (const longAfterMs of [hourMs, 1_000 * hourMs]) {
          const waits = await story.delivery()
          await story.settle(await story.delivery(), { state: "delivered" }, newAttempt(1))
          await story.settle(await story.delivery(), { state: "exhausted", because: "attempts" }, failedAttempt(1))
          expect(await counts()).toEqual({ pending: 1, delivered: 1, exhausted: 1 })
          await forgetAll(t0 + longAfterMs)
          expect(await counts()).toEqual({ pending: 1 })
          await story.settle(waits, { state: "waiting", dueMs: t0 + 1 }, failedAttempt(1))
          await forgetAll(t0 + longAfterMs)
          expect(await counts()).toEqual({ retrying: 1 })
          await story.settle(waits, { state: "delivered" }, newAttempt(2))
          expect(await counts()).toEqual({ delivered: 1 })
          await forgetAll(t0 + longAfterMs)
          expect(await counts()).toEqual({})
        }
      })

      test("a step counts the attempts it removes, of which a delivery may have many", async () => {
        const ids: DeliveryId[] = []
        for (let count = 0; count < 12; count++) ids.push(await story.delivery())
        for (let number = 1; number <= 10; number++) {
          const next = number < 10 ? ({ state: "waiting", dueMs: t0 } as const) : ({ state: "delivered" } as const)
          await Promise.all(ids.map((id) => story.settle(id, next, failedAttempt(number))))
        }
        expect(await store.forget(past(t0 + 1), 20)).toBe(true)
        const left = await store.deliveries(story.workspaceId, {}, firstPage)
        // Two of ten attempts each, and one that had been begun.
        expect(left.length).toBeGreaterThanOrEqual(9)
        await forgetAll(t0 + 1, 20)
        expect(await store.deliveries(story.workspaceId, {}, firstPage)).toEqual([])
      })

      test("a tombstone goes with its last delivery, an ended replay with its age", async () => {
        const { workspaceId, webhookId } = story
        // Where nothing is stored under its id any more, one can be made.
        const isGone = async () =>
          (await store.configure([{ kind: "webhook", put: webhookOf(workspaceId, webhookId, 1) }], [])) === "done"
        const ended = replayOf(workspaceId, webhookId, { state: "completed" })
        const running = replayOf(workspaceId, webhookId)
        await store.putReplay(ended)
        await store.putReplay(running)
        const id = await story.delivery()
        await story.webhook({ deletedMs: t0 })
        await forgetAll(t0 + hourMs)
        expect(await isGone()).toBe(false)
        expect(await store.replay(workspaceId, ended.id)).toBeNull()
        expect(await store.replay(workspaceId, running.id)).toEqual(running)
        await store.cancelWaiting(workspaceId, webhookId, t0 + 1, 10)
        await forgetAll(t0 + hourMs)
        expect(await isGone()).toBe(true)
        expect(await store.delivery(workspaceId, id)).toBeNull()
      })

      test("a deleted webhook that has no deliveries need not become old", async () => {
        const { workspaceId } = story
        const never = await Story.of(store)
        await story.settle(await story.delivery(), { state: "delivered" }, newAttempt(1))
        const isGone = async (of: Story) => {
          const put = webhookOf(of.workspaceId, of.webhookId, 1)
          return (await store.configure([{ kind: "webhook", put }], [])) === "done"
        }
        for (const each of [story, never]) await each.webhook({ deletedMs: t0 + 1 })
        const forget = async (beforeMs: number, deletedBeforeMs: number) => {
          while (await store.forget({ beforeMs, deletedBeforeMs }, 100));
        }
        await forget(t0 - hourMs, t0 + 1)
        expect(await isGone(never)).toBe(false)
        await forget(t0 - hourMs, t0 + 2)
        expect(await isGone(never)).toBe(true)
        expect(await isGone(story)).toBe(false)
        expect(await store.deliveries(workspaceId, {}, firstPage)).toHaveLength(1)
        expect(await story.health()).toMatchObject({ lastSequence: 1 })
        await forget(t0 + 1, t0 + 2)
        expect(await isGone(story)).toBe(true)
        expect(await story.health()).toMatchObject({ lastSequence: 0 })
      })

      test("writes of the same moment are not lost", async () => {
        await story.settle(await story.delivery(), { state: "delivered" }, newAttempt(1))
        const gone = await Story.of(store)
        await gone.webhook({ deletedMs: t0 })
        const results = await Promise.all([
          story.accept(newEvent({ acceptedMs: t0 + hourMs, to: [story.webhookId] })),
          store.forget(past(t0 + hourMs), 100),
          story.accept(newEvent({ acceptedMs: t0 + hourMs, to: [story.webhookId] })),
        ])
        expect([results[0], results[2]]).toMatchObject([
          { events: [{ sequences: [2] }] },
          { events: [{ sequences: [3] }] },
        ])
        expect(await story.health()).toMatchObject({ backlog: 2, lastSequence: 3 })
      })
    })

    describe("the whole", () => {
      aStoreForEach()

      test("another workspace's ids find nothing", async () => {
        const { workspaceId, webhookId } = story
        const stranger = (await Story.of(store)).workspaceId
        const event = newEvent({ idempotency: { key: "k", fingerprint: "f" }, to: [webhookId] })
        const id = event.deliveries[0]?.id ?? newDeliveryId()
        const replay = replayOf(workspaceId, webhookId)
        await story.accept(event)
        await story.settle(id, { state: "waiting", dueMs: t0 + 1 }, failedAttempt(1))
        await store.putReplay(replay)
        await store.note(auditOf(workspaceId, "a"))

        expect(await store.event(stranger, event.id)).toBeNull()
        expect(await store.events(stranger, {}, firstPage)).toEqual([])
        expect(await store.delivery(stranger, id)).toBeNull()
        expect(await store.deliveries(stranger, {}, firstPage)).toEqual([])
        expect(await store.deliveries(stranger, { webhookId }, firstPage)).toEqual([])
        expect(await store.deliveries(stranger, { eventId: event.id }, firstPage)).toEqual([])
        expect(await store.attempts(stranger, id)).toEqual([])
        expect(await store.audit(stranger, firstPage)).toEqual([])
        expect(await store.replay(stranger, replay.id)).toBeNull()
        expect(await store.replayCandidates({ ...replay, workspaceId: stranger }, null, 10)).toEqual([])
        expect((await store.health(stranger, [webhookId])).get(webhookId)).toMatchObject({
          backlog: 0,
          lastSequence: 0,
        })
        expect((await store.stats(stranger, webhookId, 0, t0 + hourMs, 1)).attempts).toEqual({
          succeeded: 0,
          failed: 0,
        })
        const lane = { workspaceId: stranger, webhookId, limit: 10 }
        expect(await store.waiting({ ...lane, read: "head" })).toEqual([])
        expect(await store.waiting({ ...lane, read: "retries", byMs: t0 + 9 })).toEqual([])
        expect(await store.nextDue(stranger, webhookId, 0)).toBeNull()
        expect(await store.reopen(stranger, id, t0)).toBeNull()
        expect(await store.cancelWaiting(stranger, webhookId, t0, 10)).toBe(0)
        await store.settle({
          workspaceId: stranger,
          webhookId,
          deliveryId: id,
          atMs: t0,
          attempt: recordedAttempt(newAttempt(2)),
          next: { state: "delivered" },
        })
        expect(await story.stateOf(id)).toMatchObject({ status: "retrying", attempts: 1 })
        expect(
          await store.enqueue({
            workspaceId: stranger,
            webhookId,
            nowMs: t0,
            deliveries: [],
            replay,
            examinedBefore: 0,
          }),
        ).toBeNull()
      })

      test("it says whether it is ready, and refuses once closed", async () => {
        expect(await store.ready()).toBeNull()
        const late = story.accept(newEvent())
        await store.close()
        expect(await late).toMatchObject({ outcome: "accepted" })
        await expect(story.accept(newEvent())).rejects.toMatchObject({ name: "StoreUnavailable" })
        await expect(store.events(story.workspaceId, {}, firstPage)).rejects.toMatchObject({ name: "StoreUnavailable" })
        expect(await store.ready()).toEqual(expect.any(String))
        await store.close()
      })
    })
  })
}

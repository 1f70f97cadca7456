import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { ChainCheck } from "../../src/domain/audit-chain.ts"
import { configurationKinds, historyKinds } from "../../src/ports/moving.ts"
import type { Store } from "../../src/ports/store.ts"
import {
  configurationOf,
  historyOf,
  type LivedIn,
  liveIn,
  moveInto,
  oddBody,
  type Place,
  recordsIn,
  workspacesOf,
} from "./lived-in.ts"
import { auditOf, minuteMs, newEvent, Story, t0 } from "./store-fixtures.ts"

const storyMaxMs = 60_000

/** What every store that can be moved to and from promises (ports/moving.ts), told as stories. */
export function movingContract(name: string, newPlace: () => Promise<Place>): void {
  // Each story opens databases several times over.
  describe(`${name}: moving`, { timeout: storyMaxMs }, () => {
    let old: Place
    let next: Place
    let life: LivedIn
    const open: Store[] = []

    /** Closed after the story at the latest. */
    async function storeOn(place: Place): Promise<Store> {
      const store = await place.store()
      open.push(store)
      return store
    }
    async function closeStores(): Promise<void> {
      for (const store of open.splice(0)) await store.close()
    }
    beforeEach(async () => {
      old = await newPlace()
      next = await newPlace()
      life = await liveIn(await storeOn(old))
      await closeStores()
    }, storyMaxMs)
    afterEach(closeStores)

    test("everything that is moved is the same there, record for record", async () => {
      const records = await recordsIn(old)
      // Of each kind there is at least one: else this would hold of nothing.
      expect([...new Set(records.map(({ kind }) => kind))]).toEqual([...configurationKinds, ...historyKinds])
      await moveInto(next, records)
      expect(await recordsIn(next)).toEqual(records)
      expect(await recordsIn(old)).toEqual(records)
    })

    test("what was waiting waits in its order, and numbers go on after the last", async () => {
      await moveInto(next, await recordsIn(old))
      const store = await storeOn(next)
      const { workspaceId, webhookId } = life.story
      const head = await store.waiting({ workspaceId, webhookId, limit: 10, read: "head" })
      expect(head.map(({ id }) => id)).toEqual(life.waiting)
      expect(head.at(-1)).toMatchObject({ body: oddBody, sequence: life.lastSequence })
      expect(head[0]).toMatchObject({ attempts: 1, attemptsBefore: 1, dueMs: t0 + 8, windowFromMs: t0 + 8 })
      expect(await store.backlogs()).toEqual([{ workspaceId, webhookId, waiting: 4 }])
      const accepted = await store.accept({ workspaceId, events: [newEvent({ to: [webhookId] })] })
      expect(accepted).toMatchObject({ events: [{ sequences: [life.lastSequence + 1] }] })
      // Health, as the stores show it, and statistics.
      const health = (await store.health(workspaceId, [webhookId])).get(webhookId)
      expect(health).toMatchObject({ consecutiveFailures: 3, failingSinceMs: t0 + 2, lastSuccessMs: t0 + minuteMs })
      expect(health).toMatchObject({ backlog: 5, lastSequence: life.lastSequence + 1 })
      const stats = await store.stats(workspaceId, webhookId, t0 - minuteMs, t0 + 60 * minuteMs, 1)
      expect(stats.byStatus).toMatchObject({ delivered: 1, exhausted: 1, expired: 1 })
      expect(stats.attempts).toEqual({ succeeded: 1, failed: 4 })
      const counted = stats.series.flatMap(({ latencies }) => latencies.filter((_, index) => index % 2 === 1))
      expect(counted.reduce((sum, count) => sum + count, 0)).toBe(5)
    })

    test("settling goes on there: attempts add up, ended deliveries stay ended", async () => {
      await moveInto(next, await recordsIn(old))
      const store = await storeOn(next)
      const { workspaceId, webhookId } = life.story
      const attempts = await store.attempts(workspaceId, life.delivered)
      expect(attempts.map(({ number, durationMs }) => [number, durationMs])).toEqual([
        [1, 12.5],
        [2, 0.125],
      ])
      expect(await store.delivery(workspaceId, life.delivered)).toMatchObject({ status: "delivered", attempts: 2 })
      for (const id of life.waiting) {
        const settled = { workspaceId, webhookId, deliveryId: id, atMs: t0, attempt: null }
        expect(await store.settle({ ...settled, next: { state: "delivered" } })).toBe(true)
      }
      expect(await store.backlogs()).toEqual([])
    })

    test("a key that was used is a duplicate there, and a conflict with another body", async () => {
      await moveInto(next, await recordsIn(old))
      const store = await storeOn(next)
      const { workspaceId } = life.story
      const first = (await store.delivery(workspaceId, life.delivered))?.eventId
      const publish = (fingerprint: string) =>
        store.accept({ workspaceId, events: [newEvent({ idempotency: { key: "first", fingerprint } })] })
      expect(await publish("f1")).toMatchObject({ events: [{ id: first, duplicate: true, deliveryCount: 1 }] })
      expect(await publish("f2")).toEqual({ outcome: "conflict", index: 0 })
    })

    test("the audit log's chain is whole there, and goes on", async () => {
      await moveInto(next, await recordsIn(old))
      const store = await storeOn(next)
      const { workspaceId } = life.story
      await store.note(auditOf(workspaceId, "after.the.move"))
      const check = new ChainCheck()
      const records = await store.auditChain(workspaceId, 0, 100)
      for (const record of records) check.take(record)
      const head = await store.auditHead(workspaceId)
      expect(check.end(head)).toEqual({ records: 3, hash: head?.hash, flaw: null })
      expect(records.at(-1)?.action).toBe("after.the.move")
    })

    test("configuration comes back as it was", async () => {
      const store = await storeOn(old)
      const before = await store.loadConfig()
      const used = await store.keyLastUsed(life.story.workspaceId)
      const replays = await store.openReplays()
      await closeStores()
      await moveInto(next, await recordsIn(old))
      const there = await storeOn(next)
      expect(await there.loadConfig()).toEqual(before)
      expect([...(await there.keyLastUsed(life.story.workspaceId))]).toEqual([...used])
      expect(used.size).toBe(1)
      expect(await there.openReplays()).toEqual(replays)
      expect(replays).toHaveLength(1)
    })

    test("nothing is seen before the end; what was cut off is cleared and moved again, changed meanwhile or not", async () => {
      const records = await recordsIn(old)
      const cut = await next.importing()
      await cut.put(historyOf(records))
      await cut.close()
      const unfinished = await storeOn(next)
      expect(await unfinished.loadConfig()).toEqual({ workspaces: [], apiKeys: [], webhooks: [], eventTypes: [] })
      expect(await unfinished.backlogs()).toEqual([])
      expect(await unfinished.openReplays()).toEqual([])
      expect(await unfinished.audit(null, { limit: 10, before: null })).toEqual([])
      await closeStores()
      expect(await recordsIn(next)).toEqual([])

      const { workspaceId, webhookId } = life.story
      const store = await storeOn(old)
      const [deliveryId] = life.waiting
      if (deliveryId === undefined) throw new Error("nothing waits")
      await store.settle({
        workspaceId,
        webhookId,
        deliveryId,
        atMs: t0,
        attempt: null,
        next: { state: "delivered" },
      })
      await closeStores()
      const later = await recordsIn(old)
      expect(later).not.toEqual(records)
      await moveInto(next, later)
      expect(await recordsIn(next)).toEqual(later)
    })

    test("what a cut off import had of the audit log does not stand in the way of an older file", async () => {
      const older = await recordsIn(old)
      const store = await storeOn(old)
      await store.note(auditOf(life.story.workspaceId, "since.then"))
      await closeStores()
      const cut = await next.importing()
      await cut.put(historyOf(await recordsIn(old)))
      await cut.close()
      await moveInto(next, older)
      expect(await recordsIn(next)).toEqual(older)
    })

    test("a batch that is put twice is there once; the counts tell what is there", async () => {
      const records = await recordsIn(old)
      const history = historyOf(records)
      const importing = await next.importing()
      await importing.put(history)
      await importing.put(history)
      const counts = await importing.counts(workspacesOf(records))
      for (const kind of historyKinds)
        expect([kind, counts[kind]]).toEqual([kind, history.filter((each) => each.kind === kind).length])
      expect(await importing.finish(workspacesOf(records), configurationOf(records))).toBe("done")
      await importing.close()
      expect(await recordsIn(next)).toEqual(records)
    })

    test("a workspace that is there is taken, and nothing of it changes", async () => {
      const records = await recordsIn(old)
      const importing = await old.importing()
      const { workspaceId } = life.story
      const stranger = (await Story.of(await storeOn(next))).workspaceId
      expect(await importing.taken([workspaceId, stranger])).toEqual([workspaceId])
      await importing.clear([workspaceId])
      expect(await importing.finish(workspacesOf(records), configurationOf(records))).toBe("taken")
      await importing.close()
      expect(await recordsIn(old)).toEqual(records)
    })

    test("of a deleted workspace the audit log alone is moved; where it was, it is taken", async () => {
      const store = await storeOn(old)
      const { workspaceId } = life.story
      await store.configure(
        [{ kind: "workspaceDeleted", id: workspaceId, atMs: t0 }],
        [auditOf(workspaceId, "workspace.deleted")],
      )
      await closeStores()
      const records = await recordsIn(old)
      expect(records.map(({ kind }) => kind)).toEqual(["auditHead", "audit", "audit", "audit"])
      await moveInto(next, records)
      expect(await recordsIn(next)).toEqual(records)
      const importing = await next.importing()
      expect(await importing.taken([workspaceId])).toEqual([workspaceId])
      await importing.close()
    })

    test("one workspace can be moved by itself, beside others that are there", async () => {
      const other = await liveIn(await storeOn(old))
      await liveIn(await storeOn(next))
      await closeStores()
      const exporting = await old.exporting()
      const { workspaceId } = other.story
      expect(await exporting.workspaces()).toEqual([life.story.workspaceId, workspaceId].sort())
      const records = []
      for await (const page of exporting.pages([workspaceId])) records.push(...page)
      expect(await exporting.total([workspaceId])).toBe(records.length)
      await exporting.close()
      expect(workspacesOf(records)).toEqual([workspaceId])
      const before = await recordsIn(next)
      await moveInto(next, records)
      const after = await recordsIn(next)
      expect(after.filter((record) => record.workspaceId === workspaceId)).toEqual(records)
      expect(after.filter((record) => record.workspaceId !== workspaceId)).toEqual(before)
    })

    test("more than a page comes whole", async () => {
      const store = await storeOn(old)
      const story = new Story(store)
      const events = Array.from({ length: 350 }, (_, at) =>
        newEvent({ acceptedMs: t0 + at, to: [life.story.webhookId] }),
      )
      await store.accept({ workspaceId: life.story.workspaceId, events })
      await store.configure([], [auditOf(story.workspaceId, "elsewhere")])
      await closeStores()
      const records = await recordsIn(old)
      const ids = records.flatMap((record) => (record.kind === "event" ? [record.id] : []))
      expect(ids).toEqual(expect.arrayContaining(events.map(({ id }) => id)))
      expect(new Set(ids).size).toBe(ids.length)
      await moveInto(next, records)
      expect(await recordsIn(next)).toEqual(records)
    })
  })
}

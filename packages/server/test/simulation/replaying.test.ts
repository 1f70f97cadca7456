import { expect, test } from "vitest"
import { Replaying } from "../../src/dispatch/replaying.ts"
import { asId } from "../../src/domain/ids.ts"
import { noMetrics } from "../../src/ports/metrics.ts"
import { type Store, StoreUnavailable } from "../../src/ports/store.ts"
import { newWebhookId, replayOf } from "../contracts/store-fixtures.ts"
import { World } from "./world.ts"

/** A store that keeps the first step of a replay and goes away before it can say so. */
function firstAnswerLost(store: Store): Store {
  let lost = false
  return {
    ...store,
    async enqueue(enqueue) {
      const sequences = await store.enqueue(enqueue)
      if (lost) return sequences
      lost = true
      throw new StoreUnavailable("the store went away before it could answer")
    },
  }
}

async function replayAll(events: number, wrapStore = firstAnswerLost) {
  const world = await World.open({ wrapStore })
  const webhook = await world.webhook({ ordering: "none" })
  const fromMs = world.clock.now()
  for (let count = 0; count < events; count++) await world.publish()
  await world.clock.advance(60_000)
  const replay = replayOf(world.workspaceId, webhook.id, {
    id: asId("rpl_1"),
    fromMs,
    toMs: world.clock.now(),
    createdMs: world.clock.now(),
    updatedMs: world.clock.now(),
  })
  await world.store.putReplay(replay)
  world.engine.replaying.run(replay)
  await world.clock.advance(100)
  return { world, webhook }
}

test("what a replay has enqueued is sent, though the store's answer was lost", async () => {
  const { world, webhook } = await replayAll(1)
  await world.clock.advance(60_000)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(2)
  expect(await world.store.replay(world.workspaceId, asId("rpl_1"))).toMatchObject({ state: "completed", enqueued: 1 })
})

test("a replay of many pages does not enqueue one twice of which the store's answer was lost", async () => {
  const { world, webhook } = await replayAll(300)
  // A new event makes what is enqueued known, so that it is delivered before the replay goes on.
  await world.publish()
  await world.clock.advance(60_000)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(601)
  expect(await world.store.replay(world.workspaceId, asId("rpl_1"))).toMatchObject({
    state: "completed",
    enqueued: 300,
  })
})

test("of two jobs of a webhook the second begins when the first is through, and passes over what is on its way", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "none" })
  const fromMs = world.clock.now()
  for (let count = 0; count < 5; count++) await world.publish()
  await world.clock.advance(60_000)
  world.sender.answer(() => ({ status: 200, afterMs: 4_000 }))
  const nowMs = world.clock.now()
  const times = { fromMs, toMs: nowMs, createdMs: nowMs, updatedMs: nowMs }
  const jobs = ["rpl_1", "rpl_2"].map((id) => replayOf(world.workspaceId, webhook.id, { id: asId(id), ...times }))
  for (const job of jobs) await world.store.putReplay(job)
  for (const job of jobs) world.engine.replaying.run(job)
  await world.clock.advance(60_000)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(10)
  const stored = await Promise.all(jobs.map(({ id }) => world.store.replay(world.workspaceId, id)))
  expect(stored).toMatchObject([
    { state: "completed", enqueued: 5 },
    { state: "completed", enqueued: 0 },
  ])
  expect(world.engine.replaying.running()).toBe(0)
})

test("a job goes on where another node has left it, which made a step and then lost the webhook", async () => {
  let overtaken = false
  const { world, webhook } = await replayAll(300, (store) => ({
    ...store,
    async enqueue(enqueue) {
      if (!overtaken) {
        overtaken = true
        // The other's: the same events, in deliveries of its own.
        const deliveries = enqueue.deliveries.map(({ id, ...of }) => ({ ...of, id: asId<typeof id>(`${id}-other`) }))
        await store.enqueue({ ...enqueue, deliveries })
      }
      return store.enqueue(enqueue)
    },
  }))
  await world.clock.advance(60_000)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(600)
  expect(await world.store.replay(world.workspaceId, asId("rpl_1"))).toMatchObject({
    state: "completed",
    examined: 300,
    enqueued: 300,
  })
})

test("a job is not cancelled by a node that has not heard of its webhook yet", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "none" })
  const fromMs = world.clock.now()
  await world.publish()
  await world.clock.advance(60_000)
  const { registry } = world.engine
  let heard = false
  const replaying = new Replaying({
    store: world.store,
    registry: Object.create(registry, {
      webhookOrTombstone: {
        value: (...names: Parameters<typeof registry.webhookOrTombstone>) =>
          heard ? registry.webhookOrTombstone(...names) : undefined,
      },
    }),
    clock: world.clock,
    mint: world.engine.mint,
    missed: world.engine.dispatcher.missed.bind(world.engine.dispatcher),
    onFault: (fault) => world.faults.push(fault),
    owns: () => true,
    metrics: noMetrics,
  })
  const nowMs = world.clock.now()
  const times = { fromMs, toMs: nowMs, createdMs: nowMs, updatedMs: nowMs }
  await world.store.putReplay(replayOf(world.workspaceId, webhook.id, { id: asId("rpl_1"), ...times }))
  await replaying.start()
  await world.clock.advance(10_000)
  expect(await world.store.replay(world.workspaceId, asId("rpl_1"))).toMatchObject({ state: "running" })
  heard = true
  await world.clock.advance(10_000)
  expect(await world.store.replay(world.workspaceId, asId("rpl_1"))).toMatchObject({ state: "completed", enqueued: 1 })
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(2)
  expect(world.faults).toEqual([])
})

test("a replay to a webhook that nobody knows is cancelled soon, whatever the clock of whoever asked for it", async () => {
  const world = await World.open()
  const inADayMs = world.clock.now() + 86_400_000
  const replay = replayOf(world.workspaceId, newWebhookId(), { createdMs: inADayMs, updatedMs: inADayMs })
  await world.store.putReplay(replay)
  world.engine.replaying.run(replay)
  await world.clock.advance(20_000)
  // It may have been made a moment ago, on another node.
  expect(await world.store.replay(world.workspaceId, replay.id)).toMatchObject({ state: "running" })
  await world.clock.advance(20_000)
  expect(await world.store.replay(world.workspaceId, replay.id)).toMatchObject({ state: "cancelled" })
})

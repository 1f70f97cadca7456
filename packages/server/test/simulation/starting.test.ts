import { expect, test } from "vitest"
import { assembleEngine, type Engine, type EngineParts } from "../../src/engine.ts"
import { noMetrics } from "../../src/ports/metrics.ts"
import { ownsAll, type Signals } from "../../src/ports/ownership.ts"
import { type Store, StoreUnavailable } from "../../src/ports/store.ts"
import { Posting } from "../../src/posting/posting.ts"
import { World } from "./world.ts"

/** One that sends to the world's receivers, by its clock, beside or after the world's own. */
function anotherEngine(world: World, parts: Pick<EngineParts, "store" | "cluster">): Promise<Engine> {
  return assembleEngine({
    poster: new Posting(world.sender, world.clock),
    clock: world.clock,
    random: world.random,
    metrics: noMetrics,
    sealing: { seal: (clear) => clear, open: (sealed) => sealed },
    retentionMs: 86_400_000,
    onFault: (fault) => world.faults.push(fault),
    ...parts,
  })
}

test("what another node stores while this one is still starting is not overlooked", async () => {
  const world = await World.open()
  const webhook = await world.webhook()
  // The other node: it accepts, and sends no more.
  await world.engine.stop()

  const listeners: Parameters<Signals["onWork"]>[0][] = []
  const answered = Promise.withResolvers<readonly []>()
  const slow: Store = { ...world.store, openReplays: () => answered.promise }
  const cluster = {
    ownership: ownsAll,
    signals: { onWork: (listener: Parameters<Signals["onWork"]>[0]) => listeners.push(listener), onConfig: () => {} },
  }
  const engine = await anotherEngine(world, { store: slow, cluster })
  const started = engine.start()
  await world.clock.advance(1_000)
  await world.publish()
  for (const listener of listeners)
    listener({ workspaceId: world.workspaceId, webhookId: webhook.id, what: "new", lastSequence: null })
  answered.resolve([])
  await started
  await world.clock.advance(60_000)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(1)
  expect(world.faults).toEqual([])
})

test("what waits is taken up once the store can say what that is: its disk was full at the start", async () => {
  const world = await World.open()
  const webhook = await world.webhook()
  await world.engine.stop()
  await world.publish()
  let full = true
  const store: Store = {
    ...world.store,
    backlogs: () => (full ? Promise.reject(new StoreUnavailable("The disk is full.")) : world.store.backlogs()),
  }
  const engine = await anotherEngine(world, { store })
  await engine.start()
  await world.clock.advance(60_000)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(0)
  full = false
  await world.clock.advance(10_000)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(1)
  // Told each time that it is tried, and nothing else.
  expect(new Set(world.faults.map(String))).toEqual(new Set(["StoreUnavailable: The disk is full."]))
  await engine.stop()
})

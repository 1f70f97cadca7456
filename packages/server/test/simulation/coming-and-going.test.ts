import { expect, test } from "vitest"
import { type FoundWork, type Ownership, ownsAll } from "../../src/ports/ownership.ts"
import type { Store } from "../../src/ports/store.ts"
import { newEvent, newWebhookId, webhookOf } from "../contracts/store-fixtures.ts"
import { World } from "./world.ts"

/** The other nodes, as this one hears of them: they take all webhooks and give them back. */
class Others {
  #taken = false
  readonly #gained: (() => void)[] = []
  readonly #lost: (() => Promise<void>)[] = []
  readonly #found: ((work: FoundWork) => void)[] = []
  readonly ownership: Ownership = {
    ...ownsAll,
    owns: () => !this.#taken,
    onGained: (listener) => void this.#gained.push(listener),
    onLost: (listener) => void this.#lost.push(listener),
  }
  readonly signals = { onWork: (listener: (work: FoundWork) => void) => void this.#found.push(listener), onConfig() {} }

  /** @returns once this node has let go: the last attempt is settled. */
  async take(): Promise<void> {
    this.#taken = true
    await Promise.all(this.#lost.map((listener) => listener()))
  }

  give(): void {
    this.#taken = false
    for (const listener of this.#gained) listener()
  }

  tell(work: FoundWork): void {
    for (const listener of this.#found) listener(work)
  }
}

async function play(wrapStore: (store: Store) => Store = (store) => store) {
  const others = new Others()
  const world = await World.open({ cluster: others, wrapStore })
  return { others, world }
}

test.each(["strict", "by_key", "none"] as const)(
  "%s: an attempt that is out while its webhook leaves and comes back is not made a second time",
  async (ordering) => {
    const { others, world } = await play()
    const webhook = await world.webhook({ ordering })
    world.sender.answer(() => ({ status: 503, afterMs: 20_000 }))
    await world.publish()
    await world.clock.advance(1_000)
    let left = false
    void others.take().then(() => {
      left = true
    })
    await world.clock.advance(1_000)
    expect(left).toBe(false)
    others.give()
    await world.clock.advance(1_000)
    expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(1)
    // Whoever waited for it to leave need not any more.
    expect(left).toBe(true)
    world.sender.answer(() => ({ status: 200 }))
    await world.publish()
    await world.clock.advance(3_600_000)
    expect(world.sender.inFlightMost.get(webhook.url)).toBeLessThanOrEqual(ordering === "strict" ? 1 : 2)
    const tried = world.sender.arrivalsAt(webhook.url).map(({ sequence, attempt }) => `${sequence}.${attempt}`)
    expect([...tried].sort()).toEqual(["1.1", "1.2", "2.1"])
    expect((await world.deliveries()).map(({ status }) => status)).toEqual(["delivered", "delivered"])
    expect(world.faults).toEqual([])
  },
)

test("what is sent elsewhere before a webhook comes back is not sent again", async () => {
  const { others, world } = await play()
  const webhook = await world.webhook({ ordering: "none" })
  await others.take()
  await world.publish()
  const [stored] = await world.deliveries()
  if (!stored) throw new Error("nothing is stored")
  const { id: deliveryId, workspaceId, webhookId } = stored
  const atMs = world.clock.now()
  await world.store.settle({ deliveryId, workspaceId, webhookId, atMs, attempt: null, next: { state: "delivered" } })
  others.give()
  await world.publish()
  await world.clock.advance(60_000)
  expect(world.sender.arrivalsAt(webhook.url).map(({ sequence }) => sequence)).toEqual([2])
})

test("an outcome that is refused, because the webhook had left, leaves the delivery to be sent once it is back", async () => {
  const refused = Promise.withResolvers<boolean>()
  let asked = 0
  const { others, world } = await play((store) => ({
    ...store,
    settle: (settlement) => (++asked === 1 ? refused.promise : store.settle(settlement)),
  }))
  const webhook = await world.webhook({ ordering: "none" })
  await world.publish()
  await world.clock.advance(1_000)
  void others.take()
  others.give()
  await world.clock.advance(1_000)
  // Only now the store says what it said no to while the webhook was away.
  refused.resolve(false)
  await world.clock.advance(60_000)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(2)
  expect((await world.deliveries()).map(({ status }) => status)).toEqual(["delivered"])
})

test("what a node that had not heard of it stores for a deleted webhook is cancelled", async () => {
  const { others, world } = await play()
  const { workspaceId, id: webhookId } = await world.webhook()
  await world.edit(webhookId, { deletedMs: world.clock.now() })
  await world.store.accept({ workspaceId, events: [newEvent({ to: [webhookId] })] })
  others.tell({ workspaceId, webhookId, what: "new", lastSequence: 1 })
  await world.clock.advance(1_000)
  const read = { workspaceId, webhookId, read: "fresh", afterSequence: 0, limit: 9 } as const
  expect(await world.store.waiting(read)).toEqual([])
  expect(world.faults).toEqual([])
})

test("what waits for a webhook that this node has never heard of is cancelled if that was deleted, and only then", async () => {
  const { others, world } = await play()
  const { workspaceId } = world
  const [deleted, unheardOf] = [newWebhookId(), newWebhookId()]
  for (const id of [deleted, unheardOf])
    await world.store.configure([{ kind: "webhook", put: webhookOf(workspaceId, id, 1) }], [])
  for (const id of [deleted, unheardOf]) await world.store.accept({ workspaceId, events: [newEvent({ to: [id] })] })
  await world.store.configure([{ kind: "webhook", put: webhookOf(workspaceId, deleted, 2, { deletedMs: 1 }) }], [])
  for (const webhookId of [deleted, unheardOf]) others.tell({ workspaceId, webhookId, what: "new", lastSequence: 1 })
  await world.clock.advance(1_000)
  expect(await world.deliveries(deleted)).toMatchObject([{ state: "cancelled" }])
  expect(await world.deliveries(unheardOf)).toMatchObject([{ state: "waiting" }])
  expect(world.sender.arrivals).toEqual([])
  expect(world.faults).toEqual([])
})

test("what waited for a deleted webhook when the process died is cancelled at the next start", async () => {
  const { world } = await play()
  const { workspaceId, id } = await world.webhook({ active: false })
  await world.publish()
  const put = webhookOf(workspaceId, id, 2, { deletedMs: 1 })
  expect(await world.store.configure([{ kind: "webhook", put }], [])).toBe("done")
  await world.crashAndRestart()
  await world.clock.advance(1_000)
  expect(await world.deliveries(id)).toMatchObject([{ state: "cancelled" }])
})

test("what was accepted while its webhook was being deleted is cancelled too", async () => {
  const { world } = await play()
  const { workspaceId, id } = await world.webhook({ active: false })
  const [delivery] = await world.deliveries(id)
  expect(delivery).toBeUndefined()
  await world.edit(id, { deletedMs: world.clock.now() })
  const event = newEvent({ to: [id] })
  await world.store.accept({ workspaceId, events: [event] })
  const [waiting] = await world.store.waiting({ workspaceId, webhookId: id, read: "head", limit: 1 })
  if (!waiting) throw new Error("nothing waits")
  world.engine.dispatcher.push([waiting])
  await world.clock.advance(1_000)
  expect(await world.deliveries(id)).toMatchObject([{ state: "cancelled" }])
})

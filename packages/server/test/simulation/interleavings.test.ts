import fc from "fast-check"
import { expect, test } from "vitest"
import type { WebhookId } from "../../src/domain/ids.ts"
import type { Ordering } from "../../src/domain/webhook.ts"
import { type Store, StoreUnavailable } from "../../src/ports/store.ts"
import type { VirtualClock } from "../../src/system/virtual-clock.ts"
import type { Arrival, Reply } from "./scripted-sender.ts"
import { SeededRandom } from "./seeded-random.ts"
import { World } from "./world.ts"

const secondMs = 1_000
const dayMs = 86_400 * secondMs

/** What may happen, in any order. */
type Act =
  | { readonly do: "publish"; readonly count: number; readonly key: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "crash" }
  | { readonly do: "receivers"; readonly mood: Mood }
  | { readonly do: "pause" | "resume"; readonly webhook: number }
  | { readonly do: "store"; readonly failing: number; readonly broken: number }
  | { readonly do: "order"; readonly webhook: number; readonly ordering: Ordering }
  | { readonly do: "retry"; readonly webhook: number; readonly nth: number }

/** The chance, in percent, that a receiver does each thing. */
type Mood = { readonly fails: number; readonly stalls: number; readonly asksToWait: number }

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      count: fc.integer({ min: 1, max: 40 }),
      key: fc.nat(4),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 3_600_000, max: 90_000_000 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("receivers" as const),
      mood: fc.record({ fails: fc.nat(100), stalls: fc.nat(50), asksToWait: fc.nat(30) }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("pause" as const, "resume" as const), webhook: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("store" as const), failing: fc.nat(60), broken: fc.nat(10) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("order" as const),
      webhook: fc.nat(2),
      ordering: fc.constantFrom<Ordering>("strict", "by_key", "none"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("retry" as const), webhook: fc.nat(2), nth: fc.nat(60) }) },
)

const orderings = ["strict", "by_key", "none"] as const satisfies readonly Ordering[]

/**
 * A store that now and then is away, before an operation or after it with the answer lost; or that breaks where it
 * never should.
 */
function flaky(store: Store, chance: () => boolean, late: () => boolean, breaks: () => boolean): Store {
  const faulty = new Set(["accept", "settle", "waiting", "nextDue"])
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== "function" || !faulty.has(String(name))) return member
      return async (...args: unknown[]) => {
        if (chance()) {
          // An acceptance whose answer is lost is not acknowledged: its publisher may not count on it.
          if (late()) await Reflect.apply(member, target, args)
          throw new StoreUnavailable("the store is away")
        }
        if (name === "settle" && breaks()) throw new Error("what should not happen")
        return Reflect.apply(member, target, args) as unknown
      }
    },
  })
}

function replyTo(mood: Mood, random: SeededRandom): Reply {
  const afterMs = random.chance(mood.stalls / 100) ? 2_000 + random.below(28_000) : random.below(50)
  if (!random.chance(mood.fails / 100)) return { status: 200, afterMs }
  if (random.chance(mood.asksToWait / 100)) return { status: 503, afterMs, headers: { "retry-after": "300" } }
  return random.chance(0.5) ? { status: 500, afterMs } : { fails: "timeout", afterMs }
}

/** The first arrival of each delivery, in the order of arrival. */
function firsts(arrivals: readonly Arrival[]): Arrival[] {
  const seen = new Set<number>()
  return arrivals.filter(({ sequence }) => !seen.has(sequence) && seen.add(sequence))
}

async function live(seed: number, acts: readonly Act[]): Promise<void> {
  const random = new SeededRandom(seed)
  let failing = 0
  let broken = 0
  let mood: Mood = { fails: 0, stalls: 0, asksToWait: 0 }
  const world = await World.open({
    seed,
    limits: { quickMax: 50, inFlightMax: 100, bufferedBytesMax: 30_000 },
    wrapStore: (store: Store, _clock: VirtualClock) =>
      flaky(
        store,
        () => random.chance(failing / 100),
        () => random.chance(0.5),
        () => random.chance(broken / 100),
      ),
  })
  world.sender.answer(() => replyTo(mood, random))
  const webhooks = await Promise.all(orderings.map((ordering) => world.webhook({ ordering })))
  const acknowledged = new Set<string>()
  const keyOf = new Map<string, string>()
  const paused = new Set<WebhookId>()
  /** What each webhook has been ordered by: the weakest is what can be asked of it. */
  const orderingsOf = new Map(webhooks.map(({ id, ordering }) => [id, new Set<Ordering>([ordering ?? "none"])]))

  for (const each of acts) {
    switch (each.do) {
      case "publish":
        for (let index = 0; index < each.count; index++) {
          const orderingKey = `key-${each.key}`
          try {
            const receipt = await world.publish({ orderingKey })
            acknowledged.add(receipt.id)
            keyOf.set(receipt.id, orderingKey)
          } catch (fault) {
            if (!(fault instanceof StoreUnavailable)) throw fault
          }
        }
        break
      case "wait":
        await world.clock.advance(each.ms)
        break
      case "crash":
        failing = 0
        broken = 0
        await world.crashAndRestart()
        break
      case "receivers":
        mood = each.mood
        break
      case "pause":
      case "resume": {
        const webhook = webhooks[each.webhook]
        if (!webhook || paused.has(webhook.id) === (each.do === "pause")) break
        if (each.do === "pause") paused.add(webhook.id)
        else paused.delete(webhook.id)
        const active = each.do === "resume"
        await world.edit(webhook.id, active ? { active, resumedAtMs: world.clock.now() } : { active })
        break
      }
      case "store":
        failing = each.failing
        broken = each.broken
        break
      case "order": {
        const webhook = webhooks[each.webhook]
        if (!webhook) break
        orderingsOf.get(webhook.id)?.add(each.ordering)
        await world.edit(webhook.id, { ordering: each.ordering })
        break
      }
      case "retry": {
        const webhook = webhooks[each.webhook]
        if (!webhook) break
        const all = await world.deliveries(webhook.id)
        const delivery = all[each.nth % Math.max(1, all.length)]
        if (!delivery) break
        // A person may bring back what was over: it then comes behind later ones.
        if (delivery.state !== "waiting") orderingsOf.get(webhook.id)?.add("none")
        await world.store.reopen(world.workspaceId, delivery.id, world.clock.now())
        world.engine.dispatcher.wake(world.workspaceId, webhook.id)
        break
      }
    }
  }

  // Everything is mended, and there is time for all that is still owed.
  failing = 0
  broken = 0
  mood = { fails: 0, stalls: 0, asksToWait: 0 }
  for (const webhook of webhooks) {
    const now = world.engine.registry.webhook(world.workspaceId, webhook.id)
    if (now?.disabled || paused.has(webhook.id)) {
      await world.edit(webhook.id, { active: true, disabled: null, resumedAtMs: world.clock.now() })
    }
  }
  await world.clock.advance(3 * dayMs)
  const unforeseen = world.faults.filter(
    (fault) => !(fault instanceof Error && fault.message === "what should not happen"),
  )
  expect(unforeseen).toEqual([])

  for (const webhook of webhooks) {
    const deliveries = await world.deliveries(webhook.id)
    const arrivals = world.sender.arrivalsAt(webhook.url)
    const taken = new Set(arrivals.filter((arrival) => arrival.taken).map(({ eventId }) => eventId))
    const byEvent = new Map(deliveries.map((delivery) => [String(delivery.eventId), delivery]))

    for (const id of acknowledged) {
      const delivery = byEvent.get(id)
      expect(["delivered", "exhausted", "expired"]).toContain(delivery?.status)
      if (delivery?.status === "delivered") expect(taken).toContain(id)
      else if (delivery?.status === "exhausted") expect(delivery.attempts).toBeGreaterThan(0)
    }
    // Sorted: a process that dies and starts within one virtual millisecond does not mint ids in order.
    const sequences = deliveries.map(({ sequence }) => sequence).toSorted((a, b) => a - b)
    expect(sequences).toEqual(deliveries.map((_, index) => index + 1))
    for (const { attempts, dueMs } of deliveries) {
      // A retry asked for by hand may bring a fresh budget.
      expect(attempts).toBeLessThanOrEqual(15 * (1 + acts.filter((each) => each.do === "retry").length))
      expect(dueMs).toBeNull()
    }

    const inOrder = (some: readonly Arrival[]) => {
      const sequences = firsts(some).map(({ sequence }) => sequence)
      expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
      // Once a later one has arrived, an earlier one never comes again, not even as a duplicate.
      let highest = 0
      for (const { sequence } of some) {
        expect(sequence).toBeGreaterThanOrEqual(highest)
        highest = sequence
      }
    }
    const ordered = orderingsOf.get(webhook.id) ?? new Set()
    if (ordered.has("none")) continue
    if (!ordered.has("by_key")) inOrder(arrivals)
    else {
      const sequenceKey = new Map(deliveries.map(({ sequence, laneKey }) => [sequence, laneKey]))
      for (const some of Map.groupBy(arrivals, ({ sequence }) => sequenceKey.get(sequence)).values()) inOrder(some)
    }
  }
}

test("whatever happens in between, what was acknowledged is delivered or ends in a named state, in order", async () => {
  await fc.assert(fc.asyncProperty(fc.integer(), fc.array(act, { minLength: 3, maxLength: 25 }), live), {
    numRuns: Number(process.env.TOCSIN_TEST_RUNS ?? 150),
    endOnFailure: false,
  })
}, 120_000)

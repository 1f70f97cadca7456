import { expect, test } from "vitest"
import { asId, type WorkspaceId } from "../../src/domain/ids.ts"
import { scanSample, violationOf } from "./samples.ts"
import { World } from "./world.ts"

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

async function publishMany(world: World, count: number, key?: (index: number) => string): Promise<void> {
  for (let index = 0; index < count; index++) await world.publish(key ? { orderingKey: key(index) } : {})
}

test("strict: one in flight, in the order of acceptance, and the next waits while the head is retried", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "strict" })
  world.sender.answer(({ sequence, attempt }) => ({ status: sequence === 2 && attempt < 4 ? 500 : 200, afterMs: 20 }))
  await publishMany(world, 5)
  await world.clock.advance(hourMs)
  expect(world.sender.arrivalsAt(webhook.url).map(({ sequence }) => sequence)).toEqual([1, 2, 2, 2, 2, 3, 4, 5])
  expect(world.sender.inFlightMost.get(webhook.url)).toBe(1)
})

test("by_key: one in flight per key, and a key in trouble holds up only itself", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "by_key" })
  const keyOf = (sequence: number) => (sequence % 2 === 1 ? "bucket-a" : "bucket-b")
  world.sender.answer(({ sequence }) => ({ status: keyOf(sequence) === "bucket-a" ? 500 : 200, afterMs: 20 }))
  await publishMany(world, 6, (index) => keyOf(index + 1))
  await world.clock.advance(3 * secondMs)
  expect(
    world.sender
      .arrivalsAt(webhook.url)
      .filter(({ taken }) => taken)
      .map(({ sequence }) => sequence),
  ).toEqual([2, 4, 6])
  world.sender.answer(() => ({ status: 200, afterMs: 20 }))
  await world.clock.advance(minuteMs)
  const taken = world.sender.arrivalsAt(webhook.url).filter((arrival) => arrival.taken)
  expect(taken.map(({ sequence }) => sequence)).toEqual([2, 4, 6, 1, 3, 5])
})

test("by_key: the key is the resource id when the publisher gives none", async () => {
  const world = await World.open()
  await world.webhook({ ordering: "by_key" })
  const violation = (resource: string) => {
    const data = violationOf(resource, "HIGH")
    return { type: "policy.violation.created", data, dataText: JSON.stringify(data) }
  }
  await world.publish(violation("arn:aws:s3:::one"))
  await world.publish(violation("arn:aws:s3:::two"))
  expect((await world.deliveries()).map(({ laneKey }) => laneKey)).toEqual(["arn:aws:s3:::one", "arn:aws:s3:::two"])
})

test("none: many in flight at once, and a failing delivery delays no other", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "none" })
  world.sender.answer(({ sequence, attempt }) => ({ status: sequence === 1 && attempt < 3 ? 500 : 200, afterMs: 50 }))
  await publishMany(world, 50)
  await world.clock.advance(4 * secondMs)
  expect((await world.deliveries()).filter(({ status }) => status === "delivered")).toHaveLength(49)
  expect(world.sender.inFlightMost.get(webhook.url)).toBeGreaterThan(3)
  await world.clock.advance(minuteMs)
  expect((await world.deliveries()).every(({ status }) => status === "delivered")).toBe(true)
})

test("one webhook's trouble never delays another's", async () => {
  const world = await World.open()
  const silent = await Promise.all(Array.from({ length: 20 }, () => world.webhook({ ordering: "none" })))
  const healthy = await world.webhook({ ordering: "strict" })
  const dead = new Set(silent.map(({ url }) => url))
  world.sender.answer(({ url }) =>
    dead.has(url) ? { fails: "timeout", afterMs: 30_000 } : { status: 200, afterMs: 10 },
  )
  await publishMany(world, 20)
  await world.clock.advance(secondMs)
  expect(world.sender.arrivalsAt(healthy.url).map(({ sequence }) => sequence)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 1),
  )
})

test("silent receivers that hold every place are counted as slow, and healthy ones get places again", async () => {
  const world = await World.open({
    limits: { quickMax: 10, inFlightMax: 200, perOriginMax: 200, bufferedBytesMax: 500_000 },
  })
  const silent = await Promise.all(Array.from({ length: 10 }, () => world.webhook({ ordering: "strict" })))
  const dead = new Set(silent.map(({ url }) => url))
  world.sender.answer(({ url }) =>
    dead.has(url) ? { fails: "timeout", afterMs: 30_000 } : { status: 200, afterMs: 10 },
  )
  await publishMany(world, 1)
  const healthy = await world.webhook({ ordering: "strict" })
  await world.clock.advance(500)
  await publishMany(world, 1)
  await world.clock.advance(2 * secondMs)
  await publishMany(world, 1)
  await world.clock.advance(100)
  expect(world.sender.arrivalsAt(healthy.url)).toHaveLength(2)
})

test("receivers known to be silent take no places of the quick: their retries, due together, hold up nobody", async () => {
  const world = await World.open({
    limits: { quickMax: 10, inFlightMax: 200, perOriginMax: 200, bufferedBytesMax: 500_000 },
  })
  const silent = await Promise.all(Array.from({ length: 50 }, () => world.webhook({ ordering: "strict" })))
  const dead = new Set(silent.map(({ url }) => url))
  const retriedAt = () => world.sender.arrivals.filter(({ attempt }) => attempt === 2).map(({ atMs }) => atMs)
  world.sender.answer(({ url }) =>
    dead.has(url) ? { fails: "timeout", afterMs: 30_000 } : { status: 200, afterMs: 10 },
  )
  await publishMany(world, 1)
  const healthy = await world.webhook({ ordering: "strict" })
  while (retriedAt().length < 40) await world.clock.advance(10)
  const fromMs = world.clock.now()
  await publishMany(world, 1)
  await world.clock.advance(50)
  expect(world.sender.arrivalsAt(healthy.url).map(({ atMs }) => atMs - fromMs)).toEqual([0])
})

test("a workspace full of silent receivers takes neither the places nor the turns of another", async () => {
  const world = await World.open({
    limits: { quickMax: 20, inFlightMax: 80, perOriginMax: 80, bufferedBytesMax: 500_000 },
  })
  const neighbour = asId<WorkspaceId>("ws_2")
  await world.workspace(neighbour)
  const healthy = await world.webhook({ workspaceId: neighbour, ordering: "none" })
  for (let index = 0; index < 200; index++) await world.webhook({ ordering: "none" })
  world.sender.answer(({ url }) =>
    url === healthy.url ? { status: 200, afterMs: 10 } : { fails: "timeout", afterMs: 30_000 },
  )
  const waitedMs: number[] = []
  for (let second = 0; second < 60; second++) {
    await publishMany(world, 1)
    const acceptedMs = world.clock.now()
    await world.publish({}, null, neighbour)
    await world.clock.advance(secondMs)
    const arrivedMs = world.sender.arrivalsAt(healthy.url)[second]?.atMs
    waitedMs.push(arrivedMs === undefined ? Number.POSITIVE_INFINITY : arrivedMs - acceptedMs)
  }
  // Once every place that the first could have is taken by attempts that wait.
  expect(world.engine.dispatcher.inFlight()).toBe(60)
  expect(waitedMs).toEqual(waitedMs.map(() => 0))
})

test("a backlog larger than any buffer is delivered whole and in order, beginning after a restart", async () => {
  const world = await World.open({
    limits: { quickMax: 100, inFlightMax: 100, perOriginMax: 100, bufferedBytesMax: 75_000 },
  })
  const strict = await world.webhook({ ordering: "strict" })
  const parallel = await world.webhook({ ordering: "none" })
  const keyed = await world.webhook({ ordering: "by_key" })
  world.sender.answer(() => ({ fails: "connection_refused" }))
  await publishMany(world, 1_000, (index) => `key-${index % 37}`)
  await world.crashAndRestart()
  world.sender.answer(() => ({ status: 200, afterMs: 1 }))
  await world.clock.advance(hourMs)
  const ascending = Array.from({ length: 1_000 }, (_, index) => index + 1)
  const taken = (url: string) =>
    world.sender
      .arrivalsAt(url)
      .filter((arrival) => arrival.taken)
      .map(({ sequence }) => sequence)
  expect(taken(strict.url)).toEqual(ascending)
  expect(taken(parallel.url).sort((a, b) => a - b)).toEqual(ascending)
  const byKey = Map.groupBy(taken(keyed.url), (sequence) => (sequence - 1) % 37)
  expect(byKey.size).toBe(37)
  for (const sequences of byKey.values()) expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  expect(taken(keyed.url)).toHaveLength(1_000)
  expect(world.faults).toEqual([])
})

test("a change of ordering overtakes nothing: what waited under the old order goes first, one by one", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "strict", active: false })
  await publishMany(world, 3, () => "one-key")
  await world.edit(webhook.id, { ordering: "by_key" })
  await publishMany(world, 3, () => "one-key")
  await world.edit(webhook.id, { active: true, resumedAtMs: world.clock.now() })
  await world.clock.advance(minuteMs)
  expect(world.sender.arrivalsAt(webhook.url).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6])
  expect(world.sender.inFlightMost.get(webhook.url)).toBe(1)
})

test("changing to strict while many are in flight sends nothing new until they have landed", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "none" })
  world.sender.answer(() => ({ status: 200, afterMs: secondMs }))
  await publishMany(world, 30)
  await world.clock.advance(100)
  const before = world.sender.arrivals.length
  expect(before).toBeGreaterThan(1)
  await world.edit(webhook.id, { ordering: "strict" })
  await world.clock.advance(800)
  expect(world.sender.arrivals).toHaveLength(before)
  await world.clock.advance(minuteMs)
  const after = world.sender.arrivals.slice(before).map(({ sequence }) => sequence)
  expect(after).toEqual(after.toSorted((a, b) => a - b))
  expect(new Set(world.sender.arrivals.map(({ sequence }) => sequence)).size).toBe(30)
})

test("a webhook with a rate limit gets no more than it asked for", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "none", rateLimit: { requests: 10, perSeconds: 1 } })
  await publishMany(world, 100)
  const startMs = world.clock.now()
  await world.clock.advance(minuteMs)
  const times = world.sender.arrivalsAt(webhook.url).map(({ atMs }) => atMs - startMs)
  expect(times).toHaveLength(100)
  for (const from of times)
    expect(times.filter((at) => at >= from && at < from + secondMs).length).toBeLessThanOrEqual(20)
  expect(times.at(-1)).toBeGreaterThan(8_500)
})

test("after a crash in the middle, what was in flight is sent again and order holds", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "strict" })
  world.sender.answer(() => ({ status: 200, afterMs: 100 }))
  await publishMany(world, 10)
  await world.clock.advance(450)
  await world.crashAndRestart()
  await world.clock.advance(minuteMs)
  const sequences = world.sender.arrivalsAt(webhook.url).map(({ sequence }) => sequence)
  expect(sequences).toEqual([1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10])
})

test("a retry asked for by hand goes at once; one that had ended gets a fresh window", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "none", retryConfig: { maxAttempts: 1 } })
  world.sender.answer(() => ({ status: 500, afterMs: 0 }))
  await world.publish({ data: { scan: scanSample } })
  await world.clock.advance(48 * hourMs)
  const [exhausted] = await world.deliveries()
  expect(exhausted).toMatchObject({ status: "exhausted" })
  world.sender.answer(() => ({ status: 200, afterMs: 0 }))
  if (!exhausted) throw new Error("no delivery")
  expect(await world.store.reopen(world.workspaceId, exhausted.id, world.clock.now())).toBe(webhook.id)
  world.engine.dispatcher.wake(world.workspaceId, webhook.id)
  await world.clock.advance(secondMs)
  expect(await world.deliveries()).toMatchObject([{ status: "delivered", attempts: 2 }])
})

test("by_key: thousands of keys in retry do not keep another key waiting", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "by_key", retryConfig: { initialDelaySeconds: 3600 } })
  world.sender.answer(() => ({ status: 500, afterMs: 0 }))
  await publishMany(world, 2_500, (index) => `key-${index}`)
  await world.clock.advance(minuteMs)
  world.sender.answer(() => ({ status: 200, afterMs: 0 }))
  await world.publish({ orderingKey: "another" })
  await world.clock.advance(secondMs)
  expect(world.sender.arrivalsAt(webhook.url).at(-1)).toMatchObject({ sequence: 2_501, taken: true })
  await world.crashAndRestart()
  await world.publish({ orderingKey: "yet-another" })
  await world.clock.advance(secondMs)
  expect(world.sender.arrivalsAt(webhook.url).at(-1)).toMatchObject({ sequence: 2_502, taken: true })
  await world.clock.advance(2 * hourMs)
  expect((await world.deliveries()).every(({ status }) => status === "delivered")).toBe(true)
})

test("by_key, strict and by_key again: the order of a key holds throughout", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "by_key" })
  world.sender.answer(({ sequence }) => ({ status: sequence === 1 ? 500 : 200, afterMs: 10 }))
  await world.publish({ orderingKey: "r" })
  await world.clock.advance(secondMs)
  await world.edit(webhook.id, { ordering: "strict" })
  await world.publish({ orderingKey: "r" })
  await world.edit(webhook.id, { ordering: "by_key" })
  await world.publish({ orderingKey: "other" })
  await world.clock.advance(2 * secondMs)
  expect(world.sender.arrivalsAt(webhook.url).map(({ sequence }) => sequence)).toEqual([1, 3])
  world.sender.answer(() => ({ status: 200, afterMs: 10 }))
  await world.clock.advance(minuteMs)
  expect(world.sender.arrivalsAt(webhook.url).map(({ sequence }) => sequence)).toEqual([1, 3, 1, 2])
})

test("a place taken by a receiver that says nothing is given to others though nothing else happens", async () => {
  const world = await World.open({
    limits: { quickMax: 4, inFlightMax: 100, perOriginMax: 100, bufferedBytesMax: 100_000 },
  })
  const silent = await Promise.all(Array.from({ length: 4 }, () => world.webhook({ ordering: "strict" })))
  const healthy = await world.webhook({ ordering: "strict" })
  const dead = new Set(silent.map(({ url }) => url))
  world.sender.answer(({ url }) => (dead.has(url) ? { fails: "timeout", afterMs: 30_000 } : { status: 200 }))
  const startMs = world.clock.now()
  await world.publish()
  await world.clock.advance(minuteMs)
  expect((world.sender.arrivalsAt(healthy.url)[0]?.atMs ?? Number.NaN) - startMs).toBeLessThan(2 * secondMs)
})

test.each(["strict", "by_key"] as const)(
  "%s: one sent again by hand does not wait for the retry of a later one that was in flight meanwhile",
  async (ordering) => {
    const world = await World.open()
    const webhook = await world.webhook({ ordering })
    await world.publish({ orderingKey: "k" })
    await world.clock.advance(1_000)
    world.sender.answer(({ sequence }) =>
      sequence === 2 ? { status: 503, afterMs: 1_000, headers: { "retry-after": "3600" } } : { status: 200 },
    )
    await world.publish({ orderingKey: "k" })
    await world.clock.advance(500)
    const [first] = await world.deliveries(webhook.id)
    if (!first) throw new Error("no delivery")
    await world.store.reopen(world.workspaceId, first.id, world.clock.now())
    world.engine.dispatcher.wake(world.workspaceId, webhook.id)
    await world.clock.advance(10_000)
    expect(world.sender.arrivalsAt(webhook.url).map(({ sequence }) => sequence)).toEqual([1, 2, 1])
    await world.clock.advance(3_700_000)
    expect(
      world.sender
        .arrivalsAt(webhook.url)
        .map(({ sequence }) => sequence)
        .slice(0, 4),
    ).toEqual([1, 2, 1, 2])
  },
)

import { expect, test } from "vitest"
import { scanSample } from "./samples.ts"
import { World } from "./world.ts"

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** The scripted jitter is none: the middle of ±10 %. */
function withoutJitter(world: World): World {
  world.random.fraction = () => 0.5
  return world
}

test("a receiver that answers 503, 503, 200 is tried at 0, 5 and 15 seconds", async () => {
  const world = withoutJitter(await World.open())
  const webhook = await world.webhook()
  const answers = [503, 503, 200]
  world.sender.answer(({ attempt }) => ({ status: answers[attempt - 1] ?? 500, afterMs: 0 }))
  const startMs = world.clock.now()

  await world.publish()
  await world.clock.advance(minuteMs)

  const log = world.sender.arrivalsAt(webhook.url).map(({ atMs, attempt }) => ({ atMs: atMs - startMs, attempt }))
  expect(log).toEqual([
    { atMs: 0, attempt: 1 },
    { atMs: 5_000, attempt: 2 },
    { atMs: 15_000, attempt: 3 },
  ])
  const [delivery] = await world.deliveries()
  expect(delivery).toMatchObject({ status: "delivered", attempts: 3, lastStatusCode: 200, lastErrorCode: null })
  const attempts = delivery ? await world.store.attempts(world.workspaceId, delivery.id) : []
  expect(attempts.map(({ number, statusCode, error }) => [number, statusCode, error?.code ?? null])).toEqual([
    [1, 503, "non_2xx"],
    [2, 503, "non_2xx"],
    [3, 200, null],
  ])
  expect(attempts[0]?.error?.hint).toContain("2xx")
})

test("by default 15 attempts span 22 h 45 min, and then the delivery is exhausted", async () => {
  const world = withoutJitter(await World.open())
  const webhook = await world.webhook()
  world.sender.answer(() => ({ status: 500, afterMs: 0 }))
  const startMs = world.clock.now()

  await world.publish()
  await world.clock.advance(2 * dayMs)

  const times = world.sender.arrivalsAt(webhook.url).map(({ atMs }) => atMs - startMs)
  expect(times).toHaveLength(15)
  expect(times.at(-1)).toBe(5_000 * (2 ** 14 - 1))
  expect(Math.round((times.at(-1) ?? 0) / minuteMs)).toBe(22 * 60 + 45)
  expect(await world.deliveries()).toMatchObject([{ status: "exhausted", because: "attempts", attempts: 15 }])
})

test("every attempt of a delivery has the same id and body, and a fresh timestamp and signature", async () => {
  const world = withoutJitter(await World.open())
  const webhook = await world.webhook()
  world.sender.answer(({ attempt }) => ({ status: attempt < 3 ? 500 : 200 }))
  await world.publish()
  await world.clock.advance(minuteMs)

  const arrivals = world.sender.arrivalsAt(webhook.url)
  expect(new Set(arrivals.map(({ eventId }) => eventId)).size).toBe(1)
  expect(new Set(arrivals.map(({ body }) => body)).size).toBe(1)
  expect(new Set(arrivals.map(({ headers }) => headers.get("webhook-timestamp"))).size).toBe(3)
  expect(new Set(arrivals.map(({ headers }) => headers.get("webhook-signature"))).size).toBe(3)
})

test("the customer's own retry settings are followed", async () => {
  const world = withoutJitter(await World.open())
  const webhook = await world.webhook({
    retryConfig: { maxAttempts: 4, backoffMultiplier: 3, initialDelaySeconds: 10 },
  })
  world.sender.answer(() => ({ fails: "connection_refused", afterMs: 0 }))
  const startMs = world.clock.now()
  await world.publish()
  await world.clock.advance(dayMs)
  const times = world.sender.arrivalsAt(webhook.url).map(({ atMs }) => (atMs - startMs) / 1000)
  expect(times).toEqual([0, 10, 40, 130])
})

test("Retry-After lengthens the delay, and never past the window", async () => {
  const world = withoutJitter(await World.open())
  const patient = await world.webhook()
  const greedy = await world.webhook()
  world.sender.answer(({ url, attempt }) => {
    if (attempt > 1) return { status: 200, afterMs: 0 }
    return { status: 429, afterMs: 0, headers: { "retry-after": url === patient.url ? "120" : "9999999" } }
  })
  const startMs = world.clock.now()
  await world.publish()
  await world.clock.advance(2 * dayMs)
  const secondAt = (url: string) => (world.sender.arrivalsAt(url)[1]?.atMs ?? 0) - startMs
  expect(secondAt(patient.url)).toBe(120_000)
  expect(secondAt(greedy.url)).toBe(dayMs)
})

test("410 gives up and disables the webhook at once; what waited behind is held, and sent once it is mended", async () => {
  const world = await World.open()
  const webhook = await world.webhook()
  world.sender.answer(() => ({ status: 410 }))
  await world.publish()
  await world.publish()
  await world.clock.advance(minuteMs)

  expect(world.engine.registry.webhook(world.workspaceId, webhook.id)?.disabled).toMatchObject({ reason: "gone" })
  expect(await world.deliveries()).toMatchObject([
    { status: "exhausted", because: "gone", attempts: 1 },
    { status: "held", attempts: 0 },
  ])

  world.sender.answer(() => ({ status: 200 }))
  await world.edit(webhook.id, { disabled: null, resumedAtMs: world.clock.now() })
  await world.clock.advance(minuteMs)
  expect((await world.deliveries()).map(({ status }) => status)).toEqual(["exhausted", "delivered"])
})

test("410 disables though its answer breaks off, and one that breaks off is asked again when it said", async () => {
  const world = withoutJitter(await World.open())
  const [gone, busy] = [await world.webhook(), await world.webhook()]
  world.sender.answer(({ url }) =>
    url === gone.url
      ? { status: 410, alsoFails: "connection_reset" }
      : { status: 503, headers: { "retry-after": "600" }, alsoFails: "connection_reset", afterMs: 0 },
  )
  const startMs = world.clock.now()
  await world.publish()
  await world.clock.advance(601_000)
  expect(world.engine.registry.webhook(world.workspaceId, gone.id)?.disabled?.reason).toBe("gone")
  expect(world.sender.arrivalsAt(busy.url).map(({ atMs }) => atMs - startMs)).toEqual([0, 600_000])
})

test("410 of the place that a webhook has left gives nothing up: the new one is asked", async () => {
  const world = withoutJitter(await World.open())
  const webhook = await world.webhook()
  world.sender.answer(({ url }) => ({ status: url === webhook.url ? 410 : 200, afterMs: 2_000 }))
  await world.publish()
  await world.publish()
  await world.clock.advance(1_000)
  const url = "https://moved.example/hook"
  await world.edit(webhook.id, { url })
  await world.clock.advance(minuteMs)
  expect(world.sender.arrivalsAt(url).map(({ sequence }) => sequence)).toEqual([1, 2])
  expect((await world.deliveries()).map(({ status }) => status)).toEqual(["delivered", "delivered"])
})

test("five days of failure without one success disable the webhook, and nothing is dropped", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "none" })
  world.sender.answer(() => ({ status: 500 }))
  for (let day = 0; day < 5; day++) {
    await world.publish()
    await world.clock.advance(dayMs)
    expect(world.engine.registry.webhook(world.workspaceId, webhook.id)?.disabled).toBeNull()
  }
  await world.publish()
  await world.clock.advance(minuteMs)
  expect(world.engine.registry.webhook(world.workspaceId, webhook.id)?.disabled).toMatchObject({ reason: "failing" })
  const deliveries = await world.deliveries()
  expect(deliveries).toHaveLength(6)
  expect(deliveries.at(-1)?.status).toBe("held")
})

test("one success in between starts the five days anew", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "none" })
  world.sender.answer(() => ({ status: 500 }))
  for (let day = 0; day < 4; day++) {
    await world.publish()
    await world.clock.advance(dayMs)
  }
  world.sender.answer(() => ({ status: 200 }))
  await world.publish()
  await world.clock.advance(minuteMs)
  world.sender.answer(() => ({ status: 500 }))
  for (let day = 0; day < 4; day++) {
    await world.publish()
    await world.clock.advance(dayMs)
  }
  expect(world.engine.registry.webhook(world.workspaceId, webhook.id)?.disabled).toBeNull()
})

test("an old delivery that has never had its turn gets one attempt, whatever its age", async () => {
  const world = withoutJitter(await World.open())
  const webhook = await world.webhook()
  world.sender.answer(({ sequence }) => ({ status: sequence === 1 ? 500 : 200, afterMs: 0 }))
  await world.publish()
  await world.clock.advance(hourMs)
  await world.publish()
  await world.publish()
  // The first is exhausted after 22 h 45 min; with the window of the second two hours from its end all are sent.
  await world.clock.advance(2 * dayMs)
  expect((await world.deliveries()).map(({ status }) => status)).toEqual(["exhausted", "delivered", "delivered"])
  expect(world.sender.arrivalsAt(webhook.url).filter(({ sequence }) => sequence > 1)).toHaveLength(2)
})

test("a paused webhook holds its deliveries; resumed, it sends those inside the window in order and expires the rest", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ active: false })
  await world.publish()
  await world.clock.advance(25 * hourMs)
  await world.publish()
  await world.publish()
  expect((await world.deliveries()).map(({ status }) => status)).toEqual(["held", "held", "held"])
  expect(world.sender.arrivals).toEqual([])

  await world.edit(webhook.id, { active: true, resumedAtMs: world.clock.now() })
  await world.clock.advance(minuteMs)
  expect((await world.deliveries()).map(({ status }) => status)).toEqual(["expired", "delivered", "delivered"])
  expect(world.sender.arrivals.map(({ sequence }) => sequence)).toEqual([2, 3])
})

test("deleting a webhook cancels what waits", async () => {
  const world = await World.open()
  const webhook = await world.webhook()
  world.sender.answer(() => ({ status: 500 }))
  await world.publish()
  await world.publish()
  await world.clock.advance(1_000)
  await world.edit(webhook.id, { deletedMs: world.clock.now() })
  await world.clock.advance(hourMs)
  const deliveries = await world.deliveries()
  expect(deliveries.map(({ status, state }) => [status, state])).toEqual([
    ["cancelled", "cancelled"],
    ["cancelled", "cancelled"],
  ])
  expect(world.sender.arrivals).toHaveLength(1)
  expect(world.faults).toEqual([])
})

test("during a rotation's overlap a receiver that knows only the old secret is satisfied by the same attempt", async () => {
  const world = await World.open()
  const webhook = await world.webhook({
    secrets: { current: "the-new-secret", previous: { secret: "the-old-secret", untilMs: world.clock.now() + dayMs } },
  })
  const { createHmac } = await import("node:crypto")
  world.sender.answer(({ body, headers }) => {
    const old = `sha256=${createHmac("sha256", "the-old-secret").update(body).digest("hex")}`
    return { status: headers.get("x-policycortex-signature") === old ? 200 : 401 }
  })
  await world.publish()
  await world.clock.advance(1_000)
  expect(await world.deliveries(webhook.id)).toMatchObject([{ status: "delivered", attempts: 1 }])
  await world.clock.advance(dayMs)
  await world.publish({ data: { scan: { ...scanSample, id: "scan_2" } } })
  await world.clock.advance(1_000)
  expect((await world.deliveries(webhook.id)).at(-1)).toMatchObject({
    status: "retrying",
    lastErrorCode: "unauthorized",
  })
})

test("no retry starts after the window, however long the process was down", async () => {
  const world = withoutJitter(await World.open())
  const webhook = await world.webhook()
  world.sender.answer(() => ({ status: 500, afterMs: 0 }))
  await world.publish()
  await world.clock.advance(hourMs)
  const before = world.sender.arrivalsAt(webhook.url).length
  await world.engine.stop()
  await world.clock.advance(5 * dayMs)
  await world.crashAndRestart()
  await world.clock.advance(minuteMs)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(before)
  expect(await world.deliveries()).toMatchObject([{ status: "exhausted", because: "window", attempts: before }])
})

test("what expired while it was held takes nothing of the rate limit", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ active: false, rateLimit: { requests: 1, perSeconds: 60 } })
  for (let count = 0; count < 50; count++) await world.publish()
  await world.clock.advance(3 * dayMs)
  await world.publish()
  await world.edit(webhook.id, { active: true, resumedAtMs: world.clock.now() })
  await world.clock.advance(2 * minuteMs)
  expect((await world.deliveries()).map(({ status }) => status)).toEqual([...Array(50).fill("expired"), "delivered"])
})

test("410 disables the webhook though it was being changed at that very moment", async () => {
  const world = await World.open()
  const webhook = await world.webhook()
  world.sender.answer(() => ({ status: 410, afterMs: 100 }))
  await world.publish()
  await world.clock.advance(50)
  // Another node's change, which this one has not been told of.
  const stored = (await world.store.loadConfig()).webhooks.find(({ id }) => id === webhook.id)
  if (!stored) throw new Error("no webhook")
  const put = { ...stored, description: "changed elsewhere", version: stored.version + 1 }
  expect(await world.store.configure([{ kind: "webhook", put }], [])).toBe("done")
  await world.clock.advance(minuteMs)
  expect(world.engine.registry.webhook(world.workspaceId, webhook.id)).toMatchObject({
    description: "changed elsewhere",
    disabled: { reason: "gone" },
  })
})

test("a rate limit holds nobody up for the hour that the clock is set back", async () => {
  const world = await World.open()
  const webhook = await world.webhook({ ordering: "none", rateLimit: { requests: 1, perSeconds: 1 } })
  for (let count = 0; count < 3; count++) await world.publish()
  await world.clock.advance(100)
  world.clock.jump(-60 * minuteMs)
  await world.clock.advance(minuteMs)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(3)
})

test("nor one whose turn was set before, when another's is set right after", async () => {
  const world = await World.open()
  const rateLimit = { requests: 1, perSeconds: 5 }
  const webhook = await world.webhook({ events: ["scan.completed"], ordering: "none", rateLimit })
  for (let count = 0; count < 2; count++) await world.publish()
  await world.clock.advance(100)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(1)
  // Nothing more comes for it that would make it be looked at.
  await world.edit(webhook.id, { events: ["policy.violation.created"] })
  world.clock.jump(-60 * minuteMs)
  const other = await world.webhook({ ordering: "none", rateLimit: { requests: 1, perSeconds: 1 } })
  for (let count = 0; count < 3; count++) await world.publish()
  await world.clock.advance(minuteMs)
  expect(world.sender.arrivalsAt(other.url)).toHaveLength(3)
  expect(world.sender.arrivalsAt(webhook.url)).toHaveLength(2)
})

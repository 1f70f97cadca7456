import { expect, test } from "vitest"
import type { Webhook } from "../../src/domain/webhook.ts"
import type { ProfileName } from "../../src/domain/workspace.ts"
import { World } from "./world.ts"

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const once = { retryConfig: { maxAttempts: 1 } }

/** What a webhook was sent, by the type of the event. */
function bodiesAt(world: World, webhook: Webhook, type: string) {
  return world.sender
    .arrivalsAt(webhook.url)
    .map(({ body }) => JSON.parse(body))
    .filter((body) => (body.type ?? body.event) === type)
}

const events = async (world: World, type: string) =>
  world.store.events(world.workspaceId, { type }, { limit: 200, before: null })

test.each<ProfileName>(["policycortex", "cybervault", "standard"])(
  "a %s workspace tells whoever has named it of a delivery that was given up",
  async (profile) => {
    const world = await World.open({ profile })
    const failing = await world.webhook({ ...once, description: "the failing one" })
    const told = await world.webhook({ events: ["delivery.exhausted"] })
    const everything = await world.webhook({ events: ["*", "delivery.*"] })
    world.sender.answer(({ url }) => ({ status: url === failing.url ? 503 : 200 }))
    const type = { policycortex: "scan.completed", cybervault: "endpoint.offline", standard: "tocsin.test" }[profile]
    const data = world.engine.registry.eventTypes(world.workspaceId).get(type)?.sample
    const { id } = await world.publish({ type, data, dataText: JSON.stringify(data) })
    await world.clock.advance(minuteMs)

    const [delivery] = await world.deliveries(failing.id)
    expect(delivery?.status).toBe("exhausted")
    const [body, ...others] = bodiesAt(world, told, "delivery.exhausted")
    expect(others).toEqual([])
    expect(body.data).toEqual({
      webhook: { id: failing.id, description: "the failing one" },
      delivery: {
        id: delivery?.id,
        event_id: id,
        event_type: type,
        sequence: 1,
        attempts: 1,
        because: "attempts",
        exhausted_at: new Date(delivery?.endedMs ?? 0).toISOString().replace(/\.\d+Z/, "Z"),
        last_status_code: 503,
        last_error_code: "non_2xx",
      },
    })
    // `*` and families are no names: nobody gets what he did not ask for.
    expect(world.sender.arrivalsAt(everything.url)).toHaveLength(1)
    expect(world.sender.arrivalsAt(told.url)).toHaveLength(1)
    expect(world.faults).toEqual([])
  },
)

test("nobody has named it: no event is made", async () => {
  const world = await World.open()
  await world.webhook(once)
  world.sender.answer(() => ({ status: 410 }))
  await world.publish()
  await world.clock.advance(minuteMs)
  expect(await world.deliveries()).toMatchObject([{ status: "exhausted" }])
  expect(await events(world, "delivery.exhausted")).toEqual([])
  expect(await events(world, "webhook.disabled")).toEqual([])
})

test("what was under way for a webhook that is deleted was cancelled with it: nobody is told that it was given up", async () => {
  const world = await World.open()
  const told = await world.webhook({ ...once, events: ["delivery.exhausted"] })
  const failing = await world.webhook({ ...once, events: ["scan.completed"] })
  world.sender.answer(({ url }) => (url === failing.url ? { status: 500, afterMs: 4_000 } : { status: 200 }))
  await world.publish()
  await world.clock.advance(1_000)
  await world.edit(failing.id, { deletedMs: world.clock.now() })
  await world.clock.advance(minuteMs)
  expect(await world.deliveries(failing.id)).toMatchObject([{ status: "cancelled" }])
  expect(world.sender.arrivalsAt(told.url)).toEqual([])
})

test("a webhook that answers 410 is disabled, and another is told; that one's own trouble ends there", async () => {
  const world = await World.open()
  const gone = await world.webhook({ events: ["*", "webhook.disabled", "delivery.exhausted"] })
  const told = await world.webhook({ ...once, events: ["webhook.disabled", "delivery.exhausted"] })
  world.sender.answer(({ url }) => ({ status: url === gone.url ? 410 : 500 }))
  await world.publish()
  await world.clock.advance(hourMs)

  expect(bodiesAt(world, told, "webhook.disabled")).toMatchObject([
    { data: { webhook: { id: gone.id }, reason: "gone", disabled_at: expect.stringMatching(/^2026-01-01T/) } },
  ])
  expect(bodiesAt(world, told, "delivery.exhausted")).toMatchObject([{ data: { delivery: { because: "gone" } } }])
  // The one in trouble is told nothing of it, neither now nor when it is switched on again.
  expect(world.sender.arrivalsAt(gone.url)).toHaveLength(1)
  await world.edit(gone.id, { disabled: null, resumedAtMs: world.clock.now() })
  await world.clock.advance(hourMs)
  expect(world.sender.arrivalsAt(gone.url)).toHaveLength(1)
  // And what became of the news itself is no news: the list ends.
  expect((await world.deliveries(told.id)).map(({ status }) => status)).toEqual(["exhausted", "exhausted"])
  expect(await events(world, "delivery.exhausted")).toHaveLength(1)
  expect(await events(world, "webhook.disabled")).toHaveLength(1)
  expect(world.faults).toEqual([])
})

test("two webhooks that both fail, and both watch, tell each other once and stop", async () => {
  const world = await World.open()
  const watching = { ...once, events: ["*", "delivery.exhausted"] }
  const one = await world.webhook(watching)
  const other = await world.webhook(watching)
  world.sender.answer(() => ({ status: 500 }))
  for (let count = 0; count < 10; count++) await world.publish()
  await world.clock.advance(2 * dayMs)
  // Ten of its own and ten about the other's; nothing comes of those.
  for (const { id } of [one, other]) expect(await world.deliveries(id)).toHaveLength(20)
  expect(await events(world, "delivery.exhausted")).toHaveLength(20)
})

test("after five bad days a webhook is disabled, and whoever asked is told why", async () => {
  const world = await World.open()
  const failing = await world.webhook({ retryConfig: { maxAttempts: 20, initialDelaySeconds: 3600 } })
  const told = await world.webhook({ events: ["webhook.disabled"] })
  world.sender.answer(({ url }) => ({ status: url === failing.url ? 500 : 200 }))
  for (let day = 0; day < 7; day++) {
    await world.publish()
    await world.clock.advance(dayMs)
  }
  expect(bodiesAt(world, told, "webhook.disabled")).toMatchObject([
    { data: { webhook: { id: failing.id }, reason: "failing" } },
  ])
})

test("a crash between the last attempt and its record neither loses the news nor tells it twice", async () => {
  const world = await World.open()
  const failing = await world.webhook(once)
  const told = await world.webhook({ events: ["delivery.exhausted"] })
  world.sender.answer(({ url }) => ({ status: url === failing.url ? 503 : 200, afterMs: 100 }))
  await world.publish()
  await world.clock.advance(50)
  await world.crashAndRestart()
  await world.clock.advance(minuteMs)
  expect(await world.deliveries(failing.id)).toMatchObject([{ status: "exhausted" }])
  expect(bodiesAt(world, told, "delivery.exhausted")).toHaveLength(1)
})

test("one whose window has closed without a further attempt is told of with what the last one got", async () => {
  const world = await World.open()
  const failing = await world.webhook({ events: ["scan.completed"] })
  const told = await world.webhook({ events: ["delivery.exhausted"] })
  world.sender.answer(({ url }) => ({ status: url === failing.url ? 503 : 200 }))
  await world.publish()
  await world.clock.advance(hourMs)
  await world.engine.stop()
  await world.clock.advance(2 * dayMs)
  await world.crashAndRestart()
  await world.clock.advance(minuteMs)
  const [delivery] = await world.deliveries(failing.id)
  expect(delivery).toMatchObject({ status: "exhausted", because: "window", lastStatusCode: 503 })
  const last = { attempts: delivery?.attempts, last_status_code: 503, last_error_code: "non_2xx" }
  expect(bodiesAt(world, told, "delivery.exhausted")).toMatchObject([{ data: { delivery: last } }])
  expect(world.faults).toEqual([])
})

test("a backlog that grows is told of, at each doubling, and once an hour at most whatever restarts", async () => {
  const world = await World.open()
  const stuck = await world.webhook({ ordering: "strict", retryConfig: { maxAttempts: 20, initialDelaySeconds: 3600 } })
  const told = await world.webhook({ events: ["backlog.growing"] })
  world.sender.answer(({ url }) => ({ status: url === stuck.url ? 503 : 200 }))
  const publish = async (count: number) => {
    for (let made = 0; made < count; made++) await world.publish()
  }
  await publish(900)
  await world.clock.advance(minuteMs)
  expect(bodiesAt(world, told, "backlog.growing")).toEqual([])

  await publish(200)
  await world.clock.advance(minuteMs)
  expect(bodiesAt(world, told, "backlog.growing")).toMatchObject([
    { data: { webhook: { id: stuck.id }, backlog: { waiting: 1_100, reached: 1_000 } } },
  ])
  await world.clock.advance(10 * minuteMs)
  expect(bodiesAt(world, told, "backlog.growing")).toHaveLength(1)

  // What was seen is forgotten; the news is still the same.
  await world.crashAndRestart()
  await world.clock.advance(10 * minuteMs)
  expect(bodiesAt(world, told, "backlog.growing")).toHaveLength(1)

  await publish(1_000)
  await world.clock.advance(minuteMs)
  expect(bodiesAt(world, told, "backlog.growing").map(({ data }) => data.backlog)).toMatchObject([
    { reached: 1_000 },
    { waiting: 2_100, reached: 2_000 },
  ])

  // A webhook that was switched off has a backlog because somebody wants it so.
  await world.edit(stuck.id, { active: false })
  await publish(3_000)
  await world.clock.advance(hourMs)
  expect(bodiesAt(world, told, "backlog.growing")).toHaveLength(2)
  expect(world.faults).toEqual([])
}, 60_000)

test("nobody but Tocsin publishes them", async () => {
  const world = await World.open()
  const told = await world.webhook({ events: ["delivery.exhausted"] })
  await expect(world.publish({ type: "delivery.exhausted", data: {}, dataText: "{}" })).rejects.toThrow(
    "event_type_reserved",
  )
  await world.clock.advance(minuteMs)
  expect(world.sender.arrivalsAt(told.url)).toEqual([])
})

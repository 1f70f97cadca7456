import { expect, test } from "vitest"
import type { WebhookId } from "../../src/domain/ids.ts"
import { webhookOf } from "../contracts/store-fixtures.ts"
import { World } from "./world.ts"

const dayMs = 86_400_000

test("what has ended is removed a month later, step by step; what still waits stays, with its event", async () => {
  const world = await World.open()
  const healthy = await world.webhook({ ordering: "none" })
  const paused = await world.webhook({ ordering: "strict", active: false })
  for (let count = 0; count < 700; count++) await world.publish()
  await world.clock.advance(dayMs)
  const deliveries = () => world.store.deliveries(world.workspaceId, {}, { limit: 10_000, before: null })
  expect(await deliveries()).toHaveLength(1_400)

  await world.clock.advance(28 * dayMs)
  expect(await deliveries()).toHaveLength(1_400)

  await world.clock.advance(2 * dayMs)
  const left = await deliveries()
  expect(left.every(({ webhookId, status }) => webhookId === paused.id && status === "held")).toBe(true)
  expect(left).toHaveLength(700)
  const oldest = left.at(-1)
  expect(oldest && (await world.store.event(world.workspaceId, oldest.eventId))).toMatchObject({
    type: "scan.completed",
  })
  expect(
    await world.store.deliveries(world.workspaceId, { webhookId: healthy.id }, { limit: 10, before: null }),
  ).toEqual([])
})

test("a deleted webhook is stored as long as its deliveries, and some minutes if it never had any", async () => {
  const world = await World.open()
  const { workspaceId } = world
  const [used, unused] = [await world.webhook(), await world.webhook({ events: ["scan.failed"] })]
  await world.publish()
  await world.clock.advance(1_000)
  for (const { id } of [used, unused]) await world.edit(id, { deletedMs: world.clock.now() })
  // Where nothing is stored under an id, one can be made.
  const isGone = async (id: WebhookId) =>
    (await world.store.configure([{ kind: "webhook", put: webhookOf(workspaceId, id, 1) }], [])) === "done"
  await world.clock.advance(300_000)
  expect([await isGone(used.id), await isGone(unused.id)]).toEqual([false, false])
  await world.clock.advance(600_000)
  expect([await isGone(used.id), await isGone(unused.id)]).toEqual([false, true])
  await world.clock.advance(31 * dayMs)
  expect(await world.deliveries(used.id)).toEqual([])
  expect(await isGone(used.id)).toBe(true)
  expect(world.faults).toEqual([])
})

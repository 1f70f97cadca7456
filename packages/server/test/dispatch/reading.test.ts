import { expect, test } from "vitest"
import { Room } from "../../src/dispatch/lanes/lanes.ts"
import { Reading } from "../../src/dispatch/reading.ts"
import { WebhookQueue } from "../../src/dispatch/webhook-queue.ts"
import { asId, type WebhookId } from "../../src/domain/ids.ts"
import { StoreUnavailable } from "../../src/ports/store.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"

test("webhooks whose reads fail, as many as may be read at a time, do not keep another from its own", async () => {
  const clock = new VirtualClock()
  const healthy = asId<WebhookId>("wh_healthy")
  const read: WebhookId[] = []
  const queues: WebhookQueue[] = []
  const reading: Reading = new Reading({
    store: {
      waiting: async ({ webhookId }) => {
        read.push(webhookId)
        if (webhookId !== healthy) throw new StoreUnavailable("Its pages are damaged.")
        return []
      },
      nextDue: async () => null,
      attemptsByMinute: async () => [],
    },
    clock,
    look: (queue) => reading.start(queue, clock.now()),
    onLooked: () => {},
    onFault: () => {},
  })
  const room = new Room(1_000_000)
  for (const id of [...Array.from({ length: 16 }, (_, at) => asId<WebhookId>(`wh_${at}`)), healthy]) {
    const webhook = { id, workspaceId: asId("ws_1"), rateLimit: null, url: "https://receiver.test/" } as const
    queues.push(new WebhookQueue({ ...webhook, workspaceId: asId("ws_1") }, "strict", true, room, clock))
  }
  for (const queue of queues) reading.start(queue, clock.now())
  await clock.advance(60_000)
  expect(read).toContain(healthy)
  // And those that fail are not asked for all the time.
  expect(read.filter((id) => id === "wh_0").length).toBeLessThan(20)
})

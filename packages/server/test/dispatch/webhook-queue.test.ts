import { expect, test } from "vitest"
import { Room } from "../../src/dispatch/lanes/lanes.ts"
import { WebhookQueue } from "../../src/dispatch/webhook-queue.ts"
import type { WaitingDelivery } from "../../src/domain/delivery.ts"
import type { Ordering } from "../../src/domain/webhook.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"
import { delivery } from "./waiting-delivery.ts"

/** Answers every read that is wanted, as a store does in which `waiting` wait. */
function answerReads(queue: WebhookQueue, waiting: readonly WaitingDelivery[]): void {
  for (let wanted = queue.lanes.startRead(0); wanted !== null; wanted = queue.lanes.startRead(0)) {
    const { read, limit } = wanted
    const after = read.read === "fresh" ? read.afterSequence : 0
    const rows = read.read === "retries" ? [] : waiting.filter(({ sequence }) => sequence > after).slice(0, limit)
    queue.saw(rows)
    queue.lanes.filled(read, { rows, all: rows.length < limit, nextDueMs: null }, 0)
  }
}

test.each<Ordering>(["strict", "by_key", "none"])(
  "%s: what a read brought and was delivered before its acceptance was answered is not sent again",
  (ordering) => {
    const { webhookId: id, workspaceId } = delivery(1)
    const webhook = { id, workspaceId, rateLimit: null, url: "https://receiver.test/hook" }
    const queue = new WebhookQueue(webhook, ordering, true, new Room(10_000), new VirtualClock())
    queue.push(delivery(1))
    answerReads(queue, [delivery(1)])
    const first = queue.take(0)
    expect(first?.sequence).toBe(1)
    if (first) queue.landed(first, null)
    // The second is stored; a notification makes it read and sent before the acceptance is answered here.
    queue.lanes.missed()
    answerReads(queue, [delivery(2)])
    const second = queue.take(0)
    expect(second?.sequence).toBe(2)
    if (second) queue.landed(second, null)
    queue.push(delivery(2))
    answerReads(queue, [])
    expect(queue.take(0)).toBeNull()
  },
)

test("what was pushed is known to be so, up to the last and no further", () => {
  const { webhookId: id, workspaceId } = delivery(1)
  const queue = new WebhookQueue(
    { id, workspaceId, rateLimit: null, url: "https://receiver.test/hook" },
    "none",
    true,
    new Room(10_000),
    new VirtualClock(),
  )
  // Before the first push: whatever the store has may have come from elsewhere.
  expect(queue.accountsFor(1)).toBe(false)
  answerReads(queue, [])
  queue.push(delivery(1))
  queue.push(delivery(2))
  expect([1, 2, 3].map((sequence) => queue.accountsFor(sequence))).toEqual([true, true, false])
  // The third came from elsewhere. That it did not come by a push, the fourth shows: it is read.
  queue.push(delivery(4))
  expect(queue.accountsFor(4)).toBe(true)
  expect(queue.lanes.startRead(0)?.read).toMatchObject({ read: "fresh" })
})

import { expect, test } from "vitest"
import { statsStrideMinutes } from "../../src/stores/sqlite/log/stats.ts"
import { newAttempt, newEvent, t0 } from "../contracts/store-fixtures.ts"
import { withLogThread } from "./log-thread.ts"

const minuteMs = 60_000

test("one call of the log thread reads no more minutes than a stride has; a long window adds up over many", async () => {
  const { store, log, story } = await withLogThread()
  const minutes = 2 * statsStrideMinutes + 100
  const events = Array.from({ length: minutes }, (_, index) =>
    newEvent({ acceptedMs: t0 + index * minuteMs, to: [story.webhookId] }),
  )
  for (let from = 0; from < minutes; from += 500) await story.accept(...events.slice(from, from + 500))
  const { workspaceId, webhookId } = story
  // A success in the first minute, one in the last.
  for (const at of [0, minutes - 1]) {
    const [delivery] = await store.waiting({
      workspaceId,
      webhookId,
      limit: 1,
      read: "fresh",
      afterSequence: at,
    })
    if (!delivery) throw new Error("nothing waits")
    const attempt = newAttempt(1, { atMs: t0 + at * minuteMs, durationMs: at + 1 })
    await story.settle(delivery.id, { state: "delivered" }, attempt)
  }
  const nowMs = t0 + minutes * minuteMs
  const stats = await store.stats(workspaceId, webhookId, t0, nowMs, 4)
  expect(stats.byStatus).toMatchObject({ pending: minutes - 2, delivered: 2 })
  expect(stats.attempts).toEqual({ succeeded: 2, failed: 0 })
  expect(stats.series.map(({ delivered }) => delivered)).toEqual([1, 0, 0, 1])
  expect(stats.series.map(({ latencies }) => latencies.length)).toEqual([2, 0, 0, 2])
  const asked = { workspaceId, webhookId, sinceMs: t0, nowMs, points: 4 }
  const read: number[] = []
  for (let fromMinute: number | null = null; read.length < 9; ) {
    const stride = log.stats({ ...asked, fromMinute })
    read.push(stride.stats.byStatus.pending + stride.stats.byStatus.delivered)
    fromMinute = stride.resumeMinute
    if (fromMinute === null) break
  }
  expect(read).toEqual([statsStrideMinutes, statsStrideMinutes, 100])
})

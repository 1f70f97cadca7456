import { expect, test } from "vitest"
import type { EventFilter } from "../../src/ports/store.ts"
import { strideBytes } from "../../src/stores/stride.ts"
import { newEvent, t0 } from "../contracts/store-fixtures.ts"
import { withLogThread } from "./log-thread.ts"

const bodyBytes = 250 * 1024

async function opened() {
  const { log, story } = await withLogThread()
  /** Of the whole history: what each call of the log thread found. */
  function strides(filter: EventFilter): string[][] {
    const found: string[][] = []
    for (let before: string | null = null; ; ) {
      const page = { limit: 10_000, before }
      const { items, resumeBefore } = log.events({ workspaceId: story.workspaceId, filter, page })
      found.push(items.map(({ id }) => id))
      if (resumeBefore === null) return found
      before = resumeBefore
    }
  }
  return { story, strides }
}

test("one call of the log thread searches no more bytes of bodies than a stride has, however few rows that are", async () => {
  const { story, strides } = await opened()
  const ids: string[] = []
  for (let index = 0; index < 40; index++) {
    const event = newEvent({ acceptedMs: t0 + index, body: `{"where":"${"x".repeat(bodyBytes)} here"}` })
    await story.accept(event)
    ids.unshift(event.id)
  }
  const all = strides({ text: "HERE" })
  // The last of them may reach beyond.
  const most = Math.ceil(strideBytes / bodyBytes)
  expect(Math.max(...all.map((stride) => stride.length))).toBe(most)
  expect(all.flat()).toEqual(ids)
  const fruitless = strides({ text: "nowhere" })
  expect(fruitless.flat()).toEqual([])
  expect(fruitless).toHaveLength(Math.ceil(ids.length / most))
})

test("bodies that another filter leaves out are not searched, and short ones take no more calls than their rows", async () => {
  const { story, strides } = await opened()
  for (let index = 0; index < 20; index++)
    await story.accept(newEvent({ acceptedMs: t0 + index, type: "a.large", body: `"${"x".repeat(bodyBytes)}"` }))
  const short = Array.from({ length: 4_900 }, () => newEvent({ acceptedMs: t0 + 20, type: "a.short", body: '"x"' }))
  await story.accept(...short)
  expect(strides({ text: "y", type: "a.short" })).toHaveLength(1)
  expect(strides({ text: "y", type: "a.large" }).length).toBeGreaterThan(1)
  expect(strides({ text: "x" }).flat()).toHaveLength(4_920)
})

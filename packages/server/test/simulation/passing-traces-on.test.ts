import { expect, test } from "vitest"
import { traceContextOf } from "../../src/domain/trace-context.ts"
import type { Arrival } from "./scripted-sender.ts"
import { World } from "./world.ts"

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

function traceHeaders(arrival: Arrival | undefined) {
  return [...(arrival?.headers ?? [])].filter(([name]) => name.startsWith("trace"))
}

test("without tracing of its own the engine passes a publisher's trace on, with every attempt, and adds none", async () => {
  const world = await World.open()
  await world.webhook()
  world.sender.answer(({ sequence, attempt }) => ({ status: sequence === 1 && attempt === 1 ? 503 : 200 }))
  await world.publish({}, traceContextOf(traceparent, "vendor=a"))
  await world.publish({})
  await world.clock.advance(60_000)
  const seen = world.sender.arrivals.map(traceHeaders)
  const sent = [
    ["traceparent", traceparent],
    ["tracestate", "vendor=a"],
  ]
  expect(seen).toEqual([sent, sent, []])
})

test("a trace outlives a crash with its event", async () => {
  const world = await World.open()
  await world.webhook()
  world.sender.answer(() => ({ status: 503 }))
  await world.publish({}, traceContextOf(traceparent, null))
  await world.clock.advance(1_000)
  await world.crashAndRestart()
  world.sender.answer(() => ({ status: 200 }))
  await world.clock.advance(60_000)
  expect(traceHeaders(world.sender.arrivals.at(-1))).toEqual([["traceparent", traceparent]])
})

import { expect, test } from "vitest"
import { Room } from "../../src/dispatch/lanes/lanes.ts"
import { Origins } from "../../src/dispatch/origins.ts"
import { WebhookQueue } from "../../src/dispatch/webhook-queue.ts"
import { asId } from "../../src/domain/ids.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"

const clock = new VirtualClock()

function queueTo(url: string): WebhookQueue {
  const webhook = {
    id: asId<WebhookQueue["webhookId"]>(url),
    workspaceId: asId<WebhookQueue["workspaceId"]>("wsp"),
    url,
  }
  return new WebhookQueue({ ...webhook, rateLimit: null }, "none", true, new Room(10_000), clock)
}

test("an origin is scheme, host and port, whatever the path", () => {
  expect(queueTo("https://receiver.test/one").origin).toBe(queueTo("https://receiver.test:443/two?three").origin)
  expect(queueTo("https://receiver.test:8443/").origin).not.toBe(queueTo("https://receiver.test/").origin)
  expect(queueTo("none at all").origin).toBe("none at all")
})

test("an origin whose places are taken keeps its webhooks waiting, and no other's", () => {
  const origins = new Origins(2)
  const [one, two] = [queueTo("https://receiver.test/1"), queueTo("https://receiver.test/2")]
  const flights = [{}, {}]
  for (const flight of flights) {
    expect(origins.hasFree(one.origin)).toBe(true)
    origins.start(flight, one.origin)
  }
  expect(origins.hasFree(one.origin)).toBe(false)
  expect(origins.hasFree("https://other.test")).toBe(true)
  origins.wait(two)
  origins.wait(one)
  origins.wait(two)
  const [first = {}] = flights
  expect([...(origins.end(first) ?? [])]).toEqual([two, one])
  expect(origins.hasFree(one.origin)).toBe(true)
  // An attempt that failed by a fault of ours ends twice.
  expect(origins.end(first)).toBeNull()
  origins.start({}, one.origin)
  expect(origins.hasFree(one.origin)).toBe(false)
})

import fc from "fast-check"
import { expect, test } from "vitest"
import { Room } from "../../src/dispatch/lanes/lanes.ts"
import { Line } from "../../src/dispatch/line.ts"
import { Turns } from "../../src/dispatch/turns.ts"
import { WebhookQueue } from "../../src/dispatch/webhook-queue.ts"
import { asId } from "../../src/domain/ids.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"

function queueOf(workspace: string, name: string): WebhookQueue {
  const webhook = {
    id: asId<WebhookQueue["webhookId"]>(name),
    workspaceId: asId<WebhookQueue["workspaceId"]>(workspace),
    rateLimit: null,
    url: "https://receiver.test",
  }
  return new WebhookQueue(webhook, "none", true, new Room(10_000), new VirtualClock())
}

/** As they come when each is taken out in its turn. */
function inTurn(turns: Turns): string[] {
  const names: string[] = []
  for (let queue = turns.next(); queue !== null; queue = turns.next()) {
    turns.pass(queue)
    turns.delete(queue)
    names.push(queue.webhookId)
  }
  return names
}

test("workspaces take turns, and in each its webhooks, whoever came first", () => {
  const turns = new Turns()
  for (const name of ["a1", "a2", "a3", "a4"]) turns.add(queueOf("a", name))
  const b1 = queueOf("b", "b1")
  for (const queue of [b1, queueOf("c", "c1"), queueOf("b", "b2"), b1]) turns.add(queue)
  expect(turns.workspaces).toBe(3)
  expect(inTurn(turns)).toEqual(["a1", "b1", "c1", "a2", "b2", "a3", "a4"])
  expect(turns.workspaces).toBe(0)
  expect(turns.has(b1)).toBe(false)
})

test("one that comes again while others wait is behind them", () => {
  const turns = new Turns()
  const [one, two] = [queueOf("a", "one"), queueOf("a", "two")]
  turns.add(one)
  turns.add(two)
  expect(turns.next()).toBe(one)
  turns.delete(one)
  turns.add(one)
  expect(inTurn(turns)).toEqual(["two", "one"])
  turns.add(two)
  turns.clear()
  expect(turns.next()).toBeNull()
  turns.add(one)
  expect(inTurn(turns)).toEqual(["one"])
})

test("a line serves whoever came first, whatever comes and goes", () => {
  const acts = fc.array(fc.tuple(fc.constantFrom("join", "leave", "serve"), fc.integer({ min: 0, max: 8 })))
  fc.assert(
    fc.property(acts, (given) => {
      const line = new Line<number>()
      let expected: number[] = []
      for (const [act, member] of given) {
        if (act === "join" && !expected.includes(member)) expected.push(member)
        if (act === "join") line.join(member)
        else {
          const left = act === "leave" ? member : line.first()
          expect(line.first()).toBe(expected[0])
          if (left === undefined) continue
          line.leave(left)
          expected = expected.filter((each) => each !== left)
        }
        expect([line.length, line.has(member)]).toEqual([expected.length, expected.includes(member)])
      }
    }),
  )
})

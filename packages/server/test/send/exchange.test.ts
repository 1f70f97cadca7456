import { expect, test } from "vitest"
import type { SendResult } from "../../src/ports/sender.ts"
import { Exchange } from "../../src/send/exchange.ts"

/** What undici hands to a request it writes. */
const controller = { aborted: false, paused: false, reason: null, abort() {}, pause() {}, resume() {} }

/** undici says this of a request that waited on an idle connection when a reset came in. */
function idleReset(): Error {
  return Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })
}

/** Runs one exchange over a dispatcher that plays `plays` in turn, the last one ever after. */
function exchange(
  plays: readonly ((handler: Exchange) => void)[],
): Promise<{ result: SendResult; dispatched: number }> {
  let dispatched = 0
  return new Promise((resolve) => {
    const dispatch = (handler: Exchange) => plays[Math.min(dispatched++, plays.length - 1)]?.(handler)
    new Exchange(5_000, dispatch, (result) => setImmediate(() => resolve({ result, dispatched }))).start()
  })
}

const answered = (handler: Exchange) => {
  handler.onRequestStart(controller)
  handler.onResponseStart(controller, 200)
  handler.onResponseEnd()
}

test("a request of which nothing was written is dispatched again", async () => {
  const { result, dispatched } = await exchange([(handler) => handler.onResponseError(null, idleReset()), answered])
  expect(result).toMatchObject({ failure: null, response: { status: 200 } })
  expect(dispatched).toBe(2)
})

test("but not for ever", async () => {
  const { result, dispatched } = await exchange([(handler) => handler.onResponseError(null, idleReset())])
  expect(result.failure?.code).toBe("connection_reset")
  expect(dispatched).toBe(3)
})

test("a request that was written is not, whatever the error", async () => {
  const { result, dispatched } = await exchange([
    (handler) => {
      handler.onRequestStart(controller)
      handler.onResponseError(controller, idleReset())
    },
  ])
  expect(result.failure?.code).toBe("connection_reset")
  expect(dispatched).toBe(1)
})

test("a request written at the second try is not dispatched a third time", async () => {
  const { result, dispatched } = await exchange([
    (handler) => handler.onResponseError(null, idleReset()),
    (handler) => {
      handler.onRequestStart(controller)
      handler.onResponseError(controller, idleReset())
    },
  ])
  expect(result.failure?.code).toBe("connection_reset")
  expect(dispatched).toBe(2)
})

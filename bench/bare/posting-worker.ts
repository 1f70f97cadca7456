/** Signs and posts for the bare path, on a thread of its own as in Tocsin. */
import { parentPort, workerData } from "node:worker_threads"
import { type Tape, TapeReader } from "../../packages/server/src/threads/tape.ts"
import { openPoster } from "../load/signed-post.ts"

/** As many connections as Tocsin gives an origin; more posts than that are not begun. */
const connections = 128

const receiverUrl: string = workerData
const poster = openPoster(receiverUrl, connections)
const waiting: { readonly deliveryId: string; readonly body: string }[] = []
let underWay = 0
let results: Tape = []

function tell(): void {
  const told = results
  results = []
  parentPort?.postMessage(told)
}

async function begin(): Promise<void> {
  underWay++
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { requestHeaders, statusCode, responseHeaders, responseBody } = await poster.post(
      next.deliveryId,
      1,
      next.body,
    )
    // What ends in the same turn of the event loop crosses together.
    if (results.length === 0) setImmediate(tell)
    results.push(next.deliveryId, JSON.stringify([requestHeaders, statusCode, responseHeaders, responseBody]))
  }
  underWay--
}

parentPort?.on("message", (tape: Tape) => {
  const read = new TapeReader(tape)
  while (!read.ended()) waiting.push({ deliveryId: read.text(), body: read.text() })
  while (underWay < connections && waiting.length > 0) void begin()
})

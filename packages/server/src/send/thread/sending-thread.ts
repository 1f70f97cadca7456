/** The thread that posts: it signs nothing, records nothing and decides nothing; see `threaded-sender.ts`. */
import { parentPort, workerData } from "node:worker_threads"
import type { SendResult } from "../../ports/sender.ts"
import type { Tape } from "../../threads/tape.ts"
import { parseAllowedTargets, parseDeniedTargets } from "../allowed-targets.ts"
import { openSender } from "../undici-sender.ts"
import { type NumberedRequest, RequestReader, writeResult } from "./crossing.ts"
import type { FromThread, ThreadOptions, ToThread } from "./messages.ts"

const port = parentPort
if (port === null) throw new Error("This file runs as a worker thread only.")

const { allowedTargets, deniedTargets, ...options }: ThreadOptions = workerData
const sender = openSender({
  ...options,
  allowedTargets: parseAllowedTargets(allowedTargets),
  deniedTargets: parseDeniedTargets(deniedTargets),
})
const requests = new RequestReader()
let results: Tape = []

function tell(message: FromThread): void {
  port?.postMessage(message)
}

/** What ends in the same turn of the event loop goes together. */
function tellResults(): void {
  if (results.length === 0) return
  const told = results
  results = []
  tell({ kind: "sent", results: told })
}

/** Whatever goes wrong is this attempt's result: an error that nobody catches would end the thread, and the process. */
async function send({ id, request }: NumberedRequest): Promise<void> {
  const result = await sender.send(request).catch((error: unknown) => failed(String(error)))
  if (results.length === 0) setImmediate(tellResults)
  writeResult(results, { id, result })
}

async function judge(id: number, url: string): Promise<void> {
  try {
    tell({ kind: "refusal", id, refusal: await sender.refusal(url) })
  } catch (error) {
    tell({ kind: "unknown", id, why: String(error) })
  }
}

function failed(message: string): SendResult {
  return { durationMs: 0, response: null, failure: { code: "internal", message } }
}

port.on("message", async (message: ToThread) => {
  switch (message.kind) {
    case "send":
      requests.read(message.requests, (numbered) => void send(numbered))
      break
    case "refusal":
      await judge(message.id, message.url)
      break
    case "close":
      await sender.close()
      tellResults()
      tell({ kind: "closed" })
      break
  }
})

/** The thread that posts: it signs nothing, records nothing and decides nothing; see `threaded-sender.ts`. */
import { parentPort, workerData } from "node:worker_threads"
import type { Tape } from "../../ports/tape.ts"
import { parseAllowedTargets, parseDeniedTargets } from "../allowed-targets.ts"
import { openSender } from "../undici-sender.ts"
import { RequestReader, writeResult } from "./crossing.ts"
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

port.on("message", async (message: ToThread) => {
  switch (message.kind) {
    case "send":
      requests.read(message.requests, ({ id, request }) => {
        void sender.send(request).then((result) => {
          if (results.length === 0) setImmediate(tellResults)
          writeResult(results, { id, result })
        })
      })
      break
    case "refusal":
      tell({ kind: "refusal", id: message.id, refusal: await sender.refusal(message.url) })
      break
    case "close":
      await sender.close()
      tellResults()
      tell({ kind: "closed" })
      break
  }
})

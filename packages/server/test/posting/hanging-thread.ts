/** In place of the thread that posts: it answers until it is to post something, and hangs from then on. */
import { type MessagePort, parentPort } from "node:worker_threads"
import type { ToThread } from "../../src/posting/thread/messages.ts"

const port: MessagePort | null = parentPort
port?.on("message", ({ kind }: ToThread) => {
  if (kind === "areYouThere") port.postMessage({ kind: "iAmHere" })
  if (kind === "post") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
})

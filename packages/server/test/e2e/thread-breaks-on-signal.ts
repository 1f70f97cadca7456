/** Loaded into a server before its own code: SIGUSR2 ends the thread that the query names, as a fault in it would. */
import { isMainThread, type Worker } from "node:worker_threads"

const threadName = new URL(import.meta.url).searchParams.get("thread")
const workers: Worker[] = []
// Threads load this too.
if (isMainThread) {
  process.on("worker", (worker: Worker) => workers.push(worker))
  process.on("SIGUSR2", () => {
    for (const worker of workers) if (worker.threadName === threadName) void worker.terminate()
  })
}

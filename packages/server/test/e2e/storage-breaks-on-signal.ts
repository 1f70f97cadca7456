/** Loaded into a server before its own code: SIGUSR2 ends its storage's threads, as a fault in them would. */
import { isMainThread, type Worker } from "node:worker_threads"

const workers: Worker[] = []
// Threads load this too.
if (isMainThread) {
  process.on("worker", (worker: Worker) => workers.push(worker))
  process.on("SIGUSR2", () => {
    for (const worker of workers) void worker.terminate()
  })
}

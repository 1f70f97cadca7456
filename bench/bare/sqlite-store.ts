import { Worker } from "node:worker_threads"
import { GroupCommit } from "../../packages/server/src/stores/group-commit.ts"
import type { Tape } from "../../packages/server/src/threads/tape.ts"
import { allDurable, type BareEvent, type BareStore, bounds } from "./bare-store.ts"

type Operation = { readonly events: readonly BareEvent[] } | { readonly deliveryId: string; readonly detail: string }

/** SQLite on a thread of its own, two commits under way: as Tocsin's embedded store. */
export function openSqliteStore(directory: string): BareStore {
  const worker = new Worker(new URL("./sqlite-worker.ts", import.meta.url), { workerData: directory })
  /** Commits are answered in turn. */
  const answered: (() => void)[] = []
  worker.on("message", () => answered.shift()?.())
  const group = new GroupCommit<Operation, void>({
    async commit(batch) {
      const tape: Tape = []
      for (const operation of batch) write(tape, operation)
      const durable = new Promise<void>((resolve) => answered.push(resolve))
      worker.postMessage(tape)
      await durable
      return allDurable(batch)
    },
    ...bounds,
    inFlightMax: 2,
  })
  return {
    accept: (events) => group.submit({ events }, 0, "always"),
    settle: (deliveryId, detail) => group.submit({ deliveryId, detail }, 0, "always"),
  }
}

/** An attempt begins with null where an event has its id. */
function write(tape: Tape, operation: Operation): void {
  if (!("events" in operation)) {
    tape.push(null, operation.deliveryId, operation.detail)
    return
  }
  for (const { id, deliveryId, webhook, body } of operation.events) tape.push(id, deliveryId, webhook, body)
}

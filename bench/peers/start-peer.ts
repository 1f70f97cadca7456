import { once } from "node:events"
import { RecordedCount, startChild } from "../load/child-program.ts"
import type { CleaningUp } from "../load/cleaning-up.ts"
import type { Deliverer } from "../load/deliverer.ts"
import { deliveryMaxMs, within } from "../load/waiting-until.ts"
import { type PeerName, Published, Ready, type Task } from "./peer-messages.ts"

/** Worker and producer, each in a process of its own. Enqueues as fast as the peer takes it. */
export async function startPeer(
  cleaning: CleaningUp,
  peer: PeerName,
  parts: Pick<Task, "databaseUrl" | "receiverUrl" | "webhooks">,
): Promise<Deliverer> {
  const program = new URL("./peer-process.ts", import.meta.url)
  const start = async (role: Task["role"]) => {
    const task: Task = { peer, role, ...parts }
    const started = await startChild(cleaning, { name: `${peer} (${role})`, program, task })
    Ready.Parse(started.hello)
    return started
  }
  // The worker first: it makes the tables that the producer writes to.
  const worker = await start("worker")
  const producer = await start("producer")
  const recorded = new RecordedCount(worker)
  return {
    pids: [worker.pid],
    async deliver(events, perRequest) {
      const all = recorded.more(events)
      const published = once(producer.child, "message").then(([message]) => Published.Parse(message))
      producer.child.send({ events, perRequest })
      const done = Promise.race([Promise.all([published, all]), worker.ended, producer.ended])
      await within(`${peer}'s record of ${events} deliveries`, done, deliveryMaxMs(events))
    },
  }
}

import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { CleaningUp } from "../load/cleaning-up.ts"
import { deliveryMaxMs, within } from "../load/waiting-until.ts"
import { type PeerName, Published, Ready, Recorded, type Task } from "./peer-messages.ts"

export type RunningPeer = {
  readonly workerPid: number
  /** Enqueues as fast as the peer takes it, and waits until all attempts are recorded. */
  deliver(events: number, perRequest: number): Promise<void>
}

/** Worker and producer, each in a process of its own. */
export async function startPeer(
  cleaning: CleaningUp,
  peer: PeerName,
  parts: Pick<Task, "databaseUrl" | "receiverUrl" | "webhooks">,
): Promise<RunningPeer> {
  // The worker first: it makes the tables that the producer writes to.
  const worker = await start(cleaning, { peer, role: "worker", ...parts })
  const producer = await start(cleaning, { peer, role: "producer", ...parts })
  let recorded = 0
  let expected = 0
  let reached = () => {}
  worker.child.on("message", (message) => {
    recorded = Recorded.Parse(message).recorded
    if (recorded >= expected) reached()
  })
  const { pid } = worker.child
  if (pid === undefined) throw new Error(`${peer} has no process id`)
  return {
    workerPid: pid,
    async deliver(events, perRequest) {
      expected = recorded + events
      const all = new Promise<void>((resolve) => {
        reached = resolve
      })
      const published = once(producer.child, "message").then(([message]) => Published.Parse(message))
      producer.child.send({ events, perRequest })
      const done = Promise.race([Promise.all([published, all]), worker.ended, producer.ended])
      await within(`${peer}'s record of ${events} deliveries`, done, deliveryMaxMs(events))
    },
  }
}

type Running = {
  readonly child: ChildProcess
  /** Never resolves: rejects when the process ends. */
  readonly ended: Promise<never>
}

async function start(cleaning: CleaningUp, task: Task): Promise<Running> {
  const child = fork(fileURLToPath(new URL("./peer-process.ts", import.meta.url)), [JSON.stringify(task)])
  cleaning.later(() => {
    if (child.connected) child.disconnect()
  })
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`${task.peer} (${task.role}) ended (${signal ?? code})`)
  })
  // In the end it is told to, and nobody waits for it.
  ended.catch(() => {})
  const [message] = await Promise.race([once(child, "message"), ended])
  Ready.Parse(message)
  return { child, ended }
}

import { startEnvironment, startFlags } from "../../packages/server/test/start-command.ts"
import { RecordedCount, startChild } from "../load/child-program.ts"
import type { CleaningUp } from "../load/cleaning-up.ts"
import type { Deliverer } from "../load/deliverer.ts"
import { eventsFor } from "../load/payload.ts"
import { publishAll } from "../load/publishing.ts"
import { deliveryMaxMs, within } from "../load/waiting-until.ts"
import { Listening, type Task } from "./messages.ts"

/** In a process like Tocsin's: the same options of Node's, the same generator. Publishes as fast as it is taken. */
export async function startBarePath(cleaning: CleaningUp, task: Task, webhooks: number): Promise<Deliverer> {
  const path = await startChild(cleaning, {
    name: `the bare path (${task.store.kind})`,
    program: new URL("./bare-process.ts", import.meta.url),
    task,
    nodeFlags: startFlags,
    environment: startEnvironment,
  })
  const { address } = Listening.Parse(path.hello)
  const recorded = new RecordedCount(path)
  const event = eventsFor(webhooks)
  return {
    pid: path.pid,
    async deliver(events, perRequest) {
      const all = recorded.more(events)
      const published = publishAll({ addresses: [address], key: "" }, event, { events, perRequest })
      const done = Promise.race([Promise.all([published, all]), path.ended])
      await within(`the bare path's record of ${events} deliveries`, done, deliveryMaxMs(events))
    },
  }
}

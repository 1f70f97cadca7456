import { startEnvironment, startFlags } from "../../packages/server/test/start-command.ts"
import { type ChildProgram, RecordedCount, startChild } from "../load/child-program.ts"
import type { CleaningUp } from "../load/cleaning-up.ts"
import type { Deliverer } from "../load/deliverer.ts"
import { eventsFor } from "../load/payload.ts"
import { publishAll } from "../load/publishing.ts"
import { deliveryMaxMs, within } from "../load/waiting-until.ts"
import { Listening, type Task } from "./messages.ts"

/**
 * In processes like Tocsin's: the same options of Node's, the same generator. Publishes as fast as it is taken, to each in
 * turn, and each posts what it has taken: several know nothing of each other.
 */
export async function startBarePath(
  cleaning: CleaningUp,
  task: Task,
  webhooks: number,
  processes: number,
): Promise<Deliverer> {
  const paths: ChildProgram[] = []
  for (let count = 0; count < processes; count++)
    paths.push(
      await startChild(cleaning, {
        name: `the bare path (${task.store.kind})`,
        program: new URL("./bare-process.ts", import.meta.url),
        task,
        nodeFlags: startFlags,
        environment: startEnvironment,
      }),
    )
  const addresses = paths.map(({ hello }) => Listening.Parse(hello).address)
  const recorded = new RecordedCount(...paths)
  const event = eventsFor(webhooks)
  return {
    pids: paths.map(({ pid }) => pid),
    async deliver(events, perRequest) {
      const all = recorded.more(events)
      const published = publishAll({ addresses, key: "" }, event, { events, perRequest })
      const done = Promise.race([Promise.all([published, all]), ...paths.map(({ ended }) => ended)])
      await within(`the bare path's record of ${events} deliveries`, done, deliveryMaxMs(events))
    },
  }
}

import { eventsFor } from "./payload.ts"
import { type Load, publishAll } from "./publishing.ts"
import type { Receiver } from "./receiver.ts"
import type { Served } from "./tocsin-server.ts"
import { deliveryMaxMs, until } from "./waiting-until.ts"
import { backlogOf, type Workspace } from "./workspace.ts"

const pollMs = 5

/**
 * Publishes to a workspace whose webhooks all answer, as fast as it is taken, and waits until nothing of it waits: the
 * store says so, since an attempt that has arrived may not be durable yet. The store is asked only once all have arrived,
 * because asking costs the server something.
 *
 * @returns durably recorded deliveries a second.
 * @throws Error when not all of it is delivered in any sensible time.
 */
export async function throughputOf(
  server: Served,
  workspace: Workspace,
  receiver: Receiver,
  path: string,
  load: Load,
): Promise<number> {
  const { events } = load
  const before = await receiver.arrived(path)
  const startedMs = performance.now()
  const target = { addresses: server.addresses, key: workspace.key }
  await publishAll(target, eventsFor(workspace.webhookIds.length), load)
  const maxMs = deliveryMaxMs(events)
  const allArrived = async () => (await receiver.arrived(path)) >= before + events
  await until(`the arrival of ${events} events at ${path}`, allArrived, pollMs, maxMs)
  const noneWaits = async () => (await backlogOf(server, workspace)) === 0
  await until(`the record of ${events} deliveries to ${path}`, noneWaits, pollMs, maxMs)
  return events / ((performance.now() - startedMs) / 1_000)
}

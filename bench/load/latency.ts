import { setTimeout as delay } from "node:timers/promises"
import Type, { type Static } from "typebox"
import { quantile } from "../figures/statistics.ts"
import { eventsFor } from "./payload.ts"
import { idsIn, offer } from "./publishing.ts"
import type { Receiver } from "./receiver.ts"
import type { Served } from "./tocsin-server.ts"
import { backlogOf, type Workspace } from "./workspace.ts"

export const Latency = Type.Object({
  eventsPerSecond: Type.Number(),
  seconds: Type.Number(),
  /** From the moment the publisher has read its 202 to the last byte at the receiver; below 0 where that came first. */
  p50Ms: Type.Number(),
  p99Ms: Type.Number(),
  maxMs: Type.Number(),
  /** From the request to its 202. */
  acceptP50Ms: Type.Number(),
  acceptP99Ms: Type.Number(),
  accepted: Type.Number(),
  arrived: Type.Number(),
})
export type Latency = Static<typeof Latency>

const settleMaxMs = 60_000

/** Offers events at a fixed rate, an open loop, and compares stamps of one monotonic clock. */
export async function measureLatency(
  server: Served,
  workspace: Workspace,
  receiver: Receiver,
  load: { readonly eventsPerSecond: number; readonly perRequest: number; readonly seconds: number },
): Promise<Latency> {
  const target = { addresses: server.addresses, key: workspace.key }
  await receiver.stamp()
  const { answers } = await offer(target, eventsFor(workspace.webhookIds.length), { ...load, atOnceMax: 1_000 })
  for (const startedMs = performance.now(); (await backlogOf(server, workspace)) > 0; await delay(50)) {
    // What has not arrived by then is told by the figures.
    if (performance.now() - startedMs > settleMaxMs) break
  }
  const arrivals = await receiver.stamps()
  const accepted = answers.filter(({ status }) => status === 202)
  const latencies: number[] = []
  let events = 0
  for (const { text, atMs } of accepted) {
    for (const id of idsIn(text)) {
      events++
      const arrivedMs = arrivals.get(id)
      if (arrivedMs !== undefined) latencies.push(arrivedMs - atMs)
    }
  }
  const took = accepted.map(({ tookMs }) => tookMs)
  return {
    eventsPerSecond: load.eventsPerSecond,
    seconds: load.seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    acceptP50Ms: quantile(took, 0.5),
    acceptP99Ms: quantile(took, 0.99),
    accepted: events,
    arrived: latencies.length,
  }
}

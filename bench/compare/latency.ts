import { setTimeout as delay } from "node:timers/promises"
import { quantile } from "../figures/statistics.ts"
import { eventsFor } from "../load/payload.ts"
import { idsIn, offer } from "../load/publishing.ts"
import type { Receiver } from "../load/receiver.ts"
import { backlogOf } from "../load/workspace.ts"
import type { Latency } from "./comparison.ts"
import type { TocsinContender } from "./tocsin-contenders.ts"

const settleMaxMs = 30_000

/** Offers events at a fixed rate, an open loop, and compares stamps of one monotonic clock. */
export async function measureLatency(
  contender: TocsinContender,
  receiver: Receiver,
  webhooks: number,
  eventsPerSecond: number,
  seconds: number,
): Promise<Latency> {
  const { server, workspace, perRequest, name } = contender
  const target = { address: server.address, key: workspace.key }
  await receiver.stamp()
  const { answers } = await offer(target, eventsFor(webhooks), {
    eventsPerSecond,
    perRequest,
    seconds,
    atOnceMax: 1_000,
  })
  for (const startedMs = performance.now(); (await backlogOf(server, workspace)) > 0; await delay(50)) {
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
    name,
    eventsPerSecond,
    seconds,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    maxMs: quantile(latencies, 1),
    acceptP50Ms: quantile(took, 0.5),
    acceptP99Ms: quantile(took, 0.99),
    accepted: events,
    arrived: latencies.length,
  }
}

import { setTimeout as delay } from "node:timers/promises"
import Type, { type Static } from "typebox"
import { quantile } from "../figures/statistics.ts"
import { eventsFor } from "./payload.ts"
import { idsIn, type Offered, offer } from "./publishing.ts"
import type { Receiver } from "./receiver.ts"
import type { Served } from "./tocsin-server.ts"
import { backlogOf, type Workspace } from "./workspace.ts"

/** Null is infinitely late, which JSON cannot say: it falls among what was never sent, accepted or delivered. */
const LateMs = Type.Union([Type.Number(), Type.Null()])

export const Latency = Type.Object({
  eventsPerSecond: Type.Number(),
  seconds: Type.Number(),
  /** From the moment the publisher has read its 202 to the last byte at the receiver; below 0 where that came first. */
  p50Ms: LateMs,
  p99Ms: LateMs,
  maxMs: LateMs,
  /** From the request to its 202. */
  acceptP50Ms: LateMs,
  acceptP99Ms: LateMs,
  /** Events that were due while all of the generator's connections waited for answers; not told by older results. */
  withheld: Type.Optional(Type.Number()),
  /** Events that were answered with something else than 202, or not at all; not told by older results. */
  refused: Type.Optional(Type.Number()),
  accepted: Type.Number(),
  arrived: Type.Number(),
})
export type Latency = Static<typeof Latency>

type Load = { readonly eventsPerSecond: number; readonly perRequest: number; readonly seconds: number }

const settleMaxMs = 60_000

/** Offers events at a fixed rate, an open loop, and compares stamps of one monotonic clock. */
export async function measureLatency(
  server: Served,
  workspace: Workspace,
  receiver: Receiver,
  load: Load,
): Promise<Latency> {
  const target = { addresses: server.addresses, key: workspace.key }
  await receiver.stamp()
  const offered = await offer(target, eventsFor(workspace.webhookIds.length), { ...load, atOnceMax: 1_000 })
  for (const startedMs = performance.now(); (await backlogOf(server, workspace)) > 0; await delay(50)) {
    // What has not arrived by then is told by the figures.
    if (performance.now() - startedMs > settleMaxMs) break
  }
  return latencyOf(load, offered, await receiver.stamps())
}

/**
 * Whatever was due and is not there counts, as infinitely late: without that, a server that refuses half of what it is
 * offered would seem the quicker for it.
 *
 * @param arrivals when each event arrived, by its id.
 */
export function latencyOf(
  { eventsPerSecond, perRequest, seconds }: Load,
  { answers, withheld, failures }: Offered,
  arrivals: ReadonlyMap<string, number>,
): Latency {
  const accepted = answers.filter(({ status }) => status === 202)
  const unanswered = [...failures.values()].reduce((sum, count) => sum + count, 0)
  const refusedRequests = answers.length - accepted.length + unanswered
  const refused = refusedRequests * perRequest
  const arrivedAfterMs = accepted.flatMap(({ text, atMs }) =>
    idsIn(text).flatMap((id) => {
      const arrivedMs = arrivals.get(id)
      return arrivedMs === undefined ? [] : [arrivedMs - atMs]
    }),
  )
  const acceptedEvents = accepted.length * perRequest
  const late = withNever(arrivedAfterMs, withheld + refused + acceptedEvents - arrivedAfterMs.length)
  const took = withNever(
    accepted.map(({ tookMs }) => tookMs),
    withheld / perRequest + refusedRequests,
  )
  return {
    eventsPerSecond,
    seconds,
    p50Ms: lateMs(late, 0.5),
    p99Ms: lateMs(late, 0.99),
    maxMs: lateMs(late, 1),
    acceptP50Ms: lateMs(took, 0.5),
    acceptP99Ms: lateMs(took, 0.99),
    withheld,
    refused,
    accepted: acceptedEvents,
    arrived: arrivedAfterMs.length,
  }
}

function withNever(valuesMs: readonly number[], never: number): readonly number[] {
  return [...valuesMs, ...Array.from({ length: never }, () => Number.POSITIVE_INFINITY)]
}

/** With nothing offered nothing was quick. */
function lateMs(valuesMs: readonly number[], share: number): Static<typeof LateMs> {
  const ms = quantile(valuesMs, share)
  return Number.isFinite(ms) ? ms : null
}

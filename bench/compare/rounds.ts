import type { SeededRandom } from "../../packages/server/test/simulation/seeded-random.ts"
import { median } from "../figures/statistics.ts"
import { memoryMiB, resetPeak, type Usage, usageOf } from "../load/process-usage.ts"
import type { Scheme } from "../load/receiver.ts"
import type { Figures, Round } from "./comparison.ts"
import type { Contender } from "./contender.ts"
import { shuffled } from "./shuffled.ts"

export type RoundParts = {
  readonly contenders: readonly Contender[]
  /** Posts a second of the bare loop. */
  readonly limit: (scheme: Scheme) => Promise<number>
  readonly events: (contender: Contender) => number
  readonly random: SeededRandom
  readonly say: (what: string) => void
}

/**
 * Limits and contenders, one after the other: nothing else of the benchmark runs meanwhile. Each round shuffles them anew:
 * in an order that only rotates, each would always follow upon the same other, and have to bear what that one leaves behind
 * (a database that still writes, memory to be collected, a hot processor).
 *
 * The limit, which all figures of the round are divided by, is taken at its beginning, middle and end: a single moment of
 * a machine whose pace changes would move all of them alike.
 */
export async function playRound({ contenders, limit, events, random, say }: RoundParts): Promise<Round> {
  const schemes = [...new Set(contenders.map(({ scheme }) => scheme))]
  const limitSamples: Partial<Record<Scheme, number[]>> = {}
  const sampleLimits = async () => {
    for (const scheme of shuffled(schemes, random)) {
      say(`limit, ${scheme}`)
      limitSamples[scheme] = [...(limitSamples[scheme] ?? []), await limit(scheme)]
    }
  }
  const measured: (Omit<Figures, "ofLimit"> & Pick<Contender, "scheme">)[] = []
  const measureAll = async (some: readonly Contender[]) => {
    for (const contender of some) {
      say(contender.name)
      measured.push({ ...(await measureOne(contender, events(contender))), scheme: contender.scheme })
    }
  }
  const order = shuffled(contenders, random)
  const middle = Math.ceil(order.length / 2)
  await sampleLimits()
  await measureAll(order.slice(0, middle))
  await sampleLimits()
  await measureAll(order.slice(middle))
  await sampleLimits()
  const limitOf = (scheme: Scheme) => median(limitSamples[scheme] ?? [])
  return {
    limits: Object.fromEntries(schemes.map((scheme) => [scheme, limitOf(scheme)])),
    limitSamples,
    figures: measured.map(({ scheme, ...each }) => ({ ...each, ofLimit: each.rate / limitOf(scheme) })),
  }
}

export async function measureOne(contender: Contender, events: number): Promise<Omit<Figures, "ofLimit">> {
  const { name, pids, databasePid } = contender
  for (const pid of pids) resetPeak(pid)
  const [before, databaseBefore] = [usageOfAll(pids), databasePid === null ? null : usageOf(databasePid)]
  const startedMs = performance.now()
  await contender.deliver(events)
  const seconds = (performance.now() - startedMs) / 1_000
  const after = usageOfAll(pids)
  const databaseCpuMs = databasePid === null ? 0 : usageOf(databasePid).cpuMs - (databaseBefore?.cpuMs ?? 0)
  return {
    name,
    events,
    rate: events / seconds,
    cpuUs: ((after.cpuMs - before.cpuMs) * 1_000) / events,
    databaseCpuUs: (databaseCpuMs * 1_000) / events,
    peakMiB: after.peakMiB,
    databaseMiB: databasePid === null ? 0 : memoryMiB(databasePid),
  }
}

function usageOfAll(pids: readonly number[]): Usage {
  const all = pids.map(usageOf)
  return {
    cpuMs: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    peakMiB: all.reduce((sum, { peakMiB }) => sum + peakMiB, 0),
  }
}

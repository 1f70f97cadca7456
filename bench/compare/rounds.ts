import type { SeededRandom } from "../../packages/server/test/simulation/seeded-random.ts"
import { memoryMiB, resetPeak, type Usage, usageOf } from "../load/process-usage.ts"
import type { Scheme } from "../load/receiver.ts"
import type { Figures, Round } from "./comparison.ts"
import type { Contender } from "./contender.ts"
import { shuffled } from "./shuffled.ts"

type Measure =
  | { readonly kind: "limit"; readonly scheme: Scheme }
  | { readonly kind: "contender"; readonly of: Contender }

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
 */
export async function playRound({ contenders, limit, events, random, say }: RoundParts): Promise<Round> {
  const schemes = [...new Set(contenders.map(({ scheme }) => scheme))]
  const measures: readonly Measure[] = [
    ...schemes.map((scheme) => ({ kind: "limit" as const, scheme })),
    ...contenders.map((of) => ({ kind: "contender" as const, of })),
  ]
  const limits: Partial<Record<Scheme, number>> = {}
  const measured: Omit<Figures, "ofLimit">[] = []
  for (const measure of shuffled(measures, random)) {
    if (measure.kind === "limit") {
      say(`limit, ${measure.scheme}`)
      limits[measure.scheme] = await limit(measure.scheme)
    } else {
      say(measure.of.name)
      measured.push(await measureOne(measure.of, events(measure.of)))
    }
  }
  const schemeOf = new Map(contenders.map(({ name, scheme }) => [name, scheme]))
  const figures = measured.map((each) => {
    const scheme = schemeOf.get(each.name)
    return { ...each, ofLimit: each.rate / ((scheme && limits[scheme]) ?? Number.NaN) }
  })
  return { limits, figures }
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

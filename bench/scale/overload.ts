import { setTimeout as delay } from "node:timers/promises"
import { quantile } from "../figures/statistics.ts"
import { atMost } from "../figures/target.ts"
import { cleanedUp } from "../load/cleaning-up.ts"
import { measureLatency } from "../load/latency.ts"
import { monotonicMs } from "../load/monotonic-clock.ts"
import { eventsFor } from "../load/payload.ts"
import { residentMiB, usageOf } from "../load/process-usage.ts"
import { type Answer, idsIn, offer } from "../load/publishing.ts"
import { startReceiver } from "../load/receiver.ts"
import { throughputOf } from "../load/throughput-of.ts"
import { newDirectory, startTocsin } from "../load/tocsin-server.ts"
import { until } from "../load/waiting-until.ts"
import { backlogOf, createWorkspace } from "../load/workspace.ts"
import { type OverloadPhase, phaseFigures, phaseSaid } from "./overload-phase.ts"
import { Sampling } from "./sampling.ts"
import { type ScaleBenchmark, sized } from "./scale-run.ts"

const webhooks = 100
const overloadBy = 3
const drainMaxMs = 1_800_000
const memoryMaxMiB = 400
const p99MaxMs = 25

/** Singly it is the intake that has too much to do; in batches, which cost it less, it is all that comes after. */
const phases = [
  { name: "one a request", perRequest: 1, connections: 1_000 },
  { name: "batches of 50", perRequest: 50, connections: 200 },
] as const

/**
 * Three times as many events as the server was just seen to deliver are due, an open loop, for minutes, over so many
 * connections: when all of them wait for answers, the generator withholds what is due. Whatever is answered 202 must arrive;
 * what the server cannot take it has to refuse, or answer more slowly, rather than keep in memory; afterwards, latency must
 * be what it was before.
 */
export const overload: ScaleBenchmark = (parts) =>
  cleanedUp(async (cleaning) => {
    const { say } = parts
    const seconds = sized(90, parts, 5)
    const calmSeconds = sized(20, parts, 3)
    const receiver = await startReceiver(cleaning)
    const directory = newDirectory(cleaning)
    const server = await startTocsin(cleaning, { directory })
    const workspace = await createWorkspace(server.address, webhooks, () => ({
      url: receiver.url("http", "overload"),
      ordering: "none",
    }))
    const target = { addresses: server.addresses, key: workspace.key }
    const capacities: number[] = []
    for (const { name, perRequest } of phases) {
      say(`what it can deliver, ${name}`)
      const events = sized(20_000, parts, 3_000)
      await throughputOf(server, workspace, receiver, "overload", { events, perRequest })
      capacities.push(await throughputOf(server, workspace, receiver, "overload", { events, perRequest }))
    }
    say("latency before")
    const halfLoad = (capacities[0] ?? 0) / 2
    const calmLoad = { eventsPerSecond: halfLoad, perRequest: 1, seconds: calmSeconds }
    const calm = async () => {
      const { p99Ms, accepted, arrived } = await measureLatency(server, workspace, receiver, calmLoad)
      if (arrived < accepted) throw new Error(`of ${accepted} events of the calm load only ${arrived} arrived`)
      return p99Ms ?? Number.POSITIVE_INFINITY
    }
    const before = await calm()

    const counts = { accepted: 0, refused: 0 }
    const recent: number[] = []
    const sampling = new Sampling(1_000, async () => ({
      ...counts,
      arrived: await receiver.arrived("overload"),
      memory: residentMiB(server.pid),
      acceptP99Ms: quantile(recent.splice(0), 0.99),
    }))
    const arrivedBefore = await receiver.arrived("overload")
    await receiver.stamp()
    const acceptedIds: string[] = []
    const failed: Record<string, number> = {}
    const all: OverloadPhase[] = []
    for (const [at, { name, perRequest, connections }] of phases.entries()) {
      const delivers = capacities[at] ?? 0
      const due = delivers * overloadBy
      const answered = { accepted: 0, refused: 0, broken: 0 }
      const take = ({ status, tookMs, text }: Answer) => {
        recent.push(tookMs)
        if (status === 202) {
          answered.accepted += perRequest
          counts.accepted += perRequest
          acceptedIds.push(...idsIn(text))
        } else if (status === 429 || status === 503) {
          answered.refused += perRequest
          counts.refused += perRequest
        } else answered.broken++
      }
      say(`offering ${Math.round(due)} events/s for ${seconds} s, ${name}`)
      const load = { eventsPerSecond: due, perRequest, seconds, atOnceMax: connections }
      const { withheld, failures } = await offer(target, eventsFor(webhooks), load, take)
      for (const [code, count] of failures) failed[`${name}: ${code}`] = count
      const unanswered = [...failures.values()].reduce((sum, count) => sum + count, 0)
      const waitingAtTheEnd = await backlogOf(server, workspace)
      const drainingMs = monotonicMs()
      const drained = async () => {
        const left = await backlogOf(server, workspace)
        say(`delivering what was accepted: ${left} left`)
        return left === 0
      }
      await until("delivering what was accepted", drained, 250, drainMaxMs)
      const drainSeconds = (monotonicMs() - drainingMs) / 1_000
      const broken = answered.broken + unanswered
      const of = { name, perRequest, connections, seconds, delivers, due }
      all.push({ ...of, ...answered, broken, withheld, waitingAtTheEnd, drainSeconds })
    }
    await sampling.stop()
    const peakMiB = usageOf(server.pid).peakMiB
    const stamps = await receiver.stamps()
    const lost = acceptedIds.filter((id) => !stamps.has(id)).length
    const repeated = (await receiver.arrived("overload")) - arrivedBefore - stamps.size
    say("latency after")
    await delay(1_000)
    const after = await calm()
    const requestsBroken = all.reduce((sum, { broken }) => sum + broken, 0)
    return {
      what: `${overloadBy} times what it was just seen to deliver was due for ${seconds} s, in two ways; what was accepted is delivered after each. ${all.map(phaseSaid).join(" ")}`,
      figures: { ...phaseFigures(all), ...failed, lost, repeated, peakMiB, p99MsBefore: before, p99MsAfter: after },
      curves: [
        {
          name: "overload-intake",
          title: "Three times what it can deliver is due",
          note: "First one event a request, then batches of 50; after each, what waits is delivered",
          xLabel: "seconds",
          yLabel: "events a second",
          series: [
            { label: "accepted (202)", points: sampling.rate("accepted") },
            { label: "refused (429, 503)", points: sampling.rate("refused") },
            { label: "delivered", points: sampling.rate("arrived") },
          ],
        },
        {
          name: "overload-memory",
          title: "Memory while three times what it can deliver is due",
          note: "Resident memory of the server's process",
          xLabel: "seconds",
          yLabel: "MiB",
          series: [{ label: "resident", points: sampling.curve("memory") }],
          bound: { y: memoryMaxMiB, label: `at most ${memoryMaxMiB} MiB` },
        },
        {
          name: "overload-accept",
          title: "How long a publisher waits for its answer",
          note: "p99 of each second, accepted or refused",
          xLabel: "seconds",
          yLabel: "ms",
          series: [{ label: "p99", points: sampling.curve("acceptP99Ms") }],
        },
      ],
      targets: [
        atMost("accepted events that never arrived", lost, 0),
        atMost("requests not answered 202, 429 or 503", requestsBroken, 0),
        atMost("peak memory", peakMiB, memoryMaxMiB, " MiB"),
        atMost("p99 from accept to arrival afterwards, at half load", after, p99MaxMs, " ms"),
      ],
    }
  })

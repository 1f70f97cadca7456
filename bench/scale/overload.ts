import { setTimeout as delay } from "node:timers/promises"
import { quantile } from "../figures/statistics.ts"
import { atLeast, atMost } from "../figures/target.ts"
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
import { Sampling } from "./sampling.ts"
import { type ScaleBenchmark, sized } from "./scale-run.ts"

const webhooks = 100
const overloadBy = 3
const drainMaxMs = 1_800_000
const memoryMaxMiB = 400
const p99MaxMs = 25

/** Singly it is the intake that has too much to do; in batches, which cost it less, it is all that comes after. */
const phases = [
  { name: "one a request", perRequest: 1, atOnceMax: 1_000 },
  { name: "batches of 50", perRequest: 50, atOnceMax: 200 },
] as const

type Told = {
  /** Events. */
  accepted: number
  refused: number
  withheld: number
  /** Requests answered with something else, or not at all. */
  broken: number
  waitingAtTheEnd: number
  drainSeconds: number
}

/**
 * Three times as many events as the server was just seen to deliver are offered, an open loop, for minutes. Whatever it
 * answered 202 must arrive; what it cannot take it has to refuse, or take more slowly, rather than keep in memory;
 * afterwards, latency must be what it was before.
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
    const figures: Record<string, number> = {}
    const all: Told[] = []
    for (const [at, { name, perRequest, atOnceMax }] of phases.entries()) {
      const eventsPerSecond = (capacities[at] ?? 0) * overloadBy
      const told: Told = { accepted: 0, refused: 0, withheld: 0, broken: 0, waitingAtTheEnd: 0, drainSeconds: 0 }
      const take = ({ status, tookMs, text }: Answer) => {
        recent.push(tookMs)
        if (status === 202) {
          told.accepted += perRequest
          counts.accepted += perRequest
          acceptedIds.push(...idsIn(text))
        } else if (status === 429 || status === 503) {
          told.refused += perRequest
          counts.refused += perRequest
        } else told.broken++
      }
      say(`offering ${Math.round(eventsPerSecond)} events/s for ${seconds} s, ${name}`)
      const load = { eventsPerSecond, perRequest, seconds, atOnceMax }
      const { withheld, failures } = await offer(target, eventsFor(webhooks), load, take)
      told.withheld = withheld
      told.broken += [...failures.values()].reduce((sum, count) => sum + count, 0)
      told.waitingAtTheEnd = await backlogOf(server, workspace)
      const drainingMs = monotonicMs()
      const drained = async () => {
        const left = await backlogOf(server, workspace)
        say(`delivering what was accepted: ${left} left`)
        return left === 0
      }
      await until("delivering what was accepted", drained, 250, drainMaxMs)
      told.drainSeconds = (monotonicMs() - drainingMs) / 1_000
      all.push(told)
      figures[`${name}: delivered a second before`] = capacities[at] ?? Number.NaN
      figures[`${name}: offered a second`] = eventsPerSecond
      for (const [figure, value] of Object.entries(told)) figures[`${name}: ${figure}`] = value
      for (const [code, count] of failures) figures[`${name}: ${code}`] = count
    }
    await sampling.stop()
    const peakMiB = usageOf(server.pid).peakMiB
    const stamps = await receiver.stamps()
    const lost = acceptedIds.filter((id) => !stamps.has(id)).length
    const repeated = (await receiver.arrived("overload")) - arrivedBefore - stamps.size
    say("latency after")
    await delay(1_000)
    const after = await calm()
    const sum = (of: (told: Told) => number) => all.reduce((total, each) => total + of(each), 0)
    return {
      what: `${overloadBy} times what was delivered when offered as fast as it was taken, for ${seconds} s one event a request from ${phases[0].atOnceMax} connections, then for as long in batches of 50 from ${phases[1].atOnceMax}; all is delivered in between.`,
      figures: { ...figures, lost, repeated, peakMiB, p99MsBefore: before, p99MsAfter: after },
      curves: [
        {
          name: "overload-intake",
          title: "Offered three times what it can deliver",
          note: "First one event a request, then batches of 50; after each, what waits is delivered",
          xLabel: "seconds",
          yLabel: "events a second",
          series: [
            { label: "accepted (202)", points: sampling.rate("accepted") },
            { label: "refused (503)", points: sampling.rate("refused") },
            { label: "delivered", points: sampling.rate("arrived") },
          ],
        },
        {
          name: "overload-memory",
          title: "Memory under three times the load",
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
        atMost(
          "requests not answered 202, 429 or 503",
          sum(({ broken }) => broken),
          0,
        ),
        atMost("peak memory", peakMiB, memoryMaxMiB, " MiB"),
        atLeast(
          "events refused or held back, so that intake slowed",
          sum((told) => told.refused + told.withheld),
          1,
        ),
        atMost("p99 from accept to arrival afterwards, at half load", after, p99MaxMs, " ms"),
      ],
    }
  })

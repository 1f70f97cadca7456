import { median } from "../figures/statistics.ts"
import { atLeast, atMost } from "../figures/target.ts"
import { cleanedUp } from "../load/cleaning-up.ts"
import { monotonicMs } from "../load/monotonic-clock.ts"
import { residentMiB, usageOf } from "../load/process-usage.ts"
import { fewBatches } from "../load/publishing.ts"
import { startReceiver } from "../load/receiver.ts"
import { throughputOf } from "../load/throughput-of.ts"
import { newDirectory, startTocsin } from "../load/tocsin-server.ts"
import { until } from "../load/waiting-until.ts"
import { clientOf, createWorkspace } from "../load/workspace.ts"
import { Sampling } from "./sampling.ts"
import { type ScaleBenchmark, sized } from "./scale-run.ts"
import { seedPending } from "./seeding.ts"

const memoryMaxMiB = 400
const restartMaxMs = 5_000
const drainMaxMs = 900_000

/**
 * A million deliveries wait for webhooks that take one a minute each: they stay pending while nothing is wrong. The
 * server is restarted on them, its throughput to other webhooks compared with that of an empty one, and then the limit
 * is lifted, so that all of them are delivered.
 */
export const backlog: ScaleBenchmark = (parts) =>
  cleanedUp(async (cleaning) => {
    const { say } = parts
    const pending = sized(1_000_000, parts)
    const events = sized(20_000, parts, 2_000)
    const [slow, fast] = [100, 100]
    const receiver = await startReceiver(cleaning)
    const [full, empty] = [newDirectory(cleaning), newDirectory(cleaning)]

    say("preparing")
    let loaded = await startTocsin(cleaning, { directory: full })
    const rateLimit = { requests: 1, per_seconds: 60 }
    const waiting = await createWorkspace(loaded.address, slow, () => ({
      url: receiver.url("http", "backlog"),
      ordering: "none",
      rateLimit,
    }))
    const other = await createWorkspace(loaded.address, fast, () => ({
      url: receiver.url("http", "loaded"),
      ordering: "none",
    }))
    await loaded.stop()
    const seedingMs = monotonicMs()
    await seedPending(full, waiting, pending, (done) => say(`storing pending deliveries: ${done} of ${pending}`))
    const seedSeconds = (monotonicMs() - seedingMs) / 1_000

    say("restarting")
    const startedMs = monotonicMs()
    loaded = await startTocsin(cleaning, { directory: full })
    const first = async () => (await receiver.arrived("backlog")) > 0
    await until("the first delivery after the restart", first, 5, 60_000)
    const restartMs = monotonicMs() - startedMs

    const emptyStartingMs = monotonicMs()
    const unloaded = await startTocsin(cleaning, { directory: empty })
    const emptyStartMs = monotonicMs() - emptyStartingMs
    const alone = await createWorkspace(unloaded.address, fast, () => ({
      url: receiver.url("http", "unloaded"),
      ordering: "none",
    }))
    const rounds: { readonly loaded: number; readonly empty: number }[] = []
    // The first warms both up.
    for (let round = 0; round <= 5; round++) {
      say(`throughput, round ${round} of 5`)
      const measureLoaded = () => throughputOf(loaded, other, receiver, "loaded", fewBatches(events))
      const measureEmpty = () => throughputOf(unloaded, alone, receiver, "unloaded", fewBatches(events))
      const [one, two] = round % 2 === 0 ? [await measureLoaded(), await measureEmpty()] : [null, await measureEmpty()]
      const rates = { loaded: one ?? (await measureLoaded()), empty: two }
      if (round > 0) rounds.push(rates)
    }
    const ratio = median(rounds.map((round) => round.loaded / round.empty))
    const heldMiB = usageOf(loaded.pid).peakMiB
    const emptyMiB = usageOf(unloaded.pid).peakMiB
    await unloaded.stop()

    say("lifting the limit")
    const before = await receiver.arrived("backlog")
    const sampling = new Sampling(1_000, async () => ({
      arrived: await receiver.arrived("backlog"),
      memory: residentMiB(loaded.pid),
    }))
    const drainingMs = monotonicMs()
    const limited = clientOf(loaded, waiting)
    for (const id of waiting.webhookIds) await limited.webhooks.update(id, { rate_limit: null })
    const all = async () => {
      const arrived = await receiver.arrived("backlog")
      say(`delivering what waits: ${arrived} of ${pending}`)
      return arrived >= pending
    }
    await until("delivering what waited", all, 1_000, drainMaxMs)
    const drainSeconds = (monotonicMs() - drainingMs) / 1_000
    await sampling.stop()
    const peakMiB = usageOf(loaded.pid).peakMiB

    return {
      what: `${pending} pending deliveries for ${slow} webhooks; ${events} events in batches of 50 to ${fast} other webhooks, five rounds in turn with an empty store; then all that waited is delivered.`,
      figures: {
        pending,
        seedSeconds,
        restartMs,
        emptyStartMs,
        ofEmptyStore: ratio,
        perSecondLoaded: median(rounds.map((round) => round.loaded)),
        perSecondEmpty: median(rounds.map((round) => round.empty)),
        drainedPerSecond: (pending - before) / drainSeconds,
        peakMiBWhileHeld: heldMiB,
        peakMiBOfEmptyStore: emptyMiB,
        peakMiB,
      },
      curves: [
        {
          name: "backlog-memory",
          title: `Memory while ${pending.toLocaleString("en-GB")} waiting deliveries go out`,
          note: "Resident memory of the server's process, sampled each second",
          xLabel: "seconds",
          yLabel: "MiB",
          series: [{ label: "resident", points: sampling.curve("memory") }],
          bound: { y: memoryMaxMiB, label: `at most ${memoryMaxMiB} MiB` },
        },
        {
          name: "backlog-rate",
          title: `Deliveries a second while ${pending.toLocaleString("en-GB")} wait`,
          note: "From the moment their webhooks take them again",
          xLabel: "seconds",
          yLabel: "deliveries a second",
          series: [{ label: "what waited", points: sampling.rate("arrived") }],
        },
      ],
      targets: [
        atMost("peak memory", peakMiB, memoryMaxMiB, " MiB"),
        atMost("restart to first delivery", restartMs, restartMaxMs, " ms"),
        atLeast("throughput, of an empty store's", ratio, 0.8),
      ],
    }
  })

import { median } from "../figures/statistics.ts"
import { atLeast } from "../figures/target.ts"
import { cleanedUp } from "../load/cleaning-up.ts"
import { monotonicMs } from "../load/monotonic-clock.ts"
import { eventsFor } from "../load/payload.ts"
import { usageOf } from "../load/process-usage.ts"
import { fewBatches, publishAll } from "../load/publishing.ts"
import { type Receiver, startReceiver } from "../load/receiver.ts"
import { newDirectory, startTocsin, type TocsinServer } from "../load/tocsin-server.ts"
import { until } from "../load/waiting-until.ts"
import { createWorkspace, type Workspace } from "../load/workspace.ts"
import { Sampling } from "./sampling.ts"
import { type ScaleBenchmark, sized } from "./scale-run.ts"

type Side = {
  readonly name: "all healthy" | "half dead"
  readonly directory: string
  readonly workspace: Workspace
  /** Under which the receiver counts the healthy half's arrivals. */
  readonly path: string
}

const rounds = 3
const deliverMaxMs = 300_000
/** The rate is taken when so many have arrived: the last ones may be retries, which say how long a retry waits. */
const counted = 0.9

/**
 * Ten thousand webhooks, each an origin of its own, get events in turn. On one side all answer; on the other every
 * second one is dead: half of these refuse connections, half take the request and say nothing until the timeout. What
 * counts is how fast the events for the *same* half, healthy on both sides, go out under the same offered load.
 */
export const dead: ScaleBenchmark = (parts) =>
  cleanedUp(async (cleaning) => {
    const { say } = parts
    const webhooks = sized(10_000, parts, 100)
    const events = sized(40_000, parts, 2 * webhooks)
    const receiver = await startReceiver(cleaning)
    await receiver.behave("silent", "silent")

    async function prepare(name: Side["name"], urlOfOther: (number: number) => string): Promise<Side> {
      say(`registering ${webhooks} webhooks: ${name}`)
      const directory = newDirectory(cleaning)
      const path = name === "half dead" ? "beside-dead" : "beside-healthy"
      const server = await startTocsin(cleaning, { directory })
      const workspace = await createWorkspace(server.address, webhooks, (number) => ({
        url: number % 2 === 0 ? receiver.url("http", path, number) : urlOfOther(number),
      }))
      await server.stop()
      return { name, directory, workspace, path }
    }
    const sides = [
      await prepare("all healthy", (number) => receiver.url("http", "others", number)),
      await prepare("half dead", (number) =>
        number % 4 === 1 ? receiver.refusingUrl(number) : receiver.url("http", "silent", number),
      ),
    ]

    const rates = new Map<string, number[]>(sides.map(({ name }) => [name, []]))
    const lasts = new Map<string, number[]>(sides.map(({ name }) => [name, []]))
    const curves = new Map<string, readonly (readonly [number, number])[]>()
    let peakMiB = 0
    for (let round = 0; round < rounds; round++) {
      for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
        say(`round ${round + 1} of ${rounds}: ${side.name}`)
        const server = await startTocsin(cleaning, { directory: side.directory })
        const { perSecond, allSeconds, curve } = await measure(server, side, receiver, events)
        rates.get(side.name)?.push(perSecond)
        lasts.get(side.name)?.push(allSeconds)
        curves.set(side.name, curve)
        if (side.name === "half dead") peakMiB = Math.max(peakMiB, usageOf(server.pid).peakMiB)
        // What is in flight to the silent ones is waited for up to its timeout.
        await server.stop()
      }
    }
    const [healthy, beside] = sides.map(({ name }) => median(rates.get(name) ?? []))
    const ratio = (beside ?? Number.NaN) / (healthy ?? Number.NaN)
    return {
      what: `${webhooks} webhooks in strict order, ${events} events to them in turn in batches of 50; ${rounds} rounds in turn, the server restarted before each. The rate is that of the first ${counted * 100} % to arrive.`,
      figures: {
        webhooks,
        events,
        perSecondAllHealthy: healthy ?? Number.NaN,
        perSecondHalfDead: beside ?? Number.NaN,
        ratio,
        secondsToTheLastAllHealthy: median(lasts.get("all healthy") ?? []),
        secondsToTheLastHalfDead: median(lasts.get("half dead") ?? []),
        peakMiBHalfDead: peakMiB,
      },
      curves: [
        {
          name: "dead",
          title: "Events for the healthy half: with and without dead webhooks beside them",
          note: `${webhooks.toLocaleString("en-GB")} webhooks; the last round`,
          xLabel: "seconds",
          yLabel: "arrived at the healthy half",
          series: sides.map(({ name }) => ({ label: name, points: curves.get(name) ?? [] })),
        },
      ],
      targets: [atLeast("healthy throughput, of that with all healthy", ratio, 0.9)],
    }
  })

async function measure(
  server: TocsinServer,
  { workspace, path }: Side,
  receiver: Receiver,
  events: number,
): Promise<{
  readonly perSecond: number
  readonly allSeconds: number
  readonly curve: readonly (readonly [number, number])[]
}> {
  const target = { addresses: server.addresses, key: workspace.key }
  const event = eventsFor(workspace.webhookIds.length)
  // Warm: connections are not yet open, but compilers and the routing are.
  const warmed = (await receiver.arrived(path)) + 250
  await publishAll(target, event, fewBatches(500))
  await until("the first events", async () => (await receiver.arrived(path)) >= warmed, 10, deliverMaxMs)
  const before = await receiver.arrived(path)
  const sampling = new Sampling(250, async () => ({ arrived: (await receiver.arrived(path)) - before }))
  const startedMs = monotonicMs()
  const published = publishAll(target, event, fewBatches(events))
  const wanted = Math.floor((events / 2) * counted)
  const most = async () => (await receiver.arrived(path)) >= before + wanted
  await until("most of the healthy half's events", most, 10, deliverMaxMs)
  const seconds = (monotonicMs() - startedMs) / 1_000
  const all = async () => (await receiver.arrived(path)) >= before + events / 2
  await until("all of the healthy half's events", all, 10, deliverMaxMs)
  const allSeconds = (monotonicMs() - startedMs) / 1_000
  await published
  await sampling.stop()
  return { perSecond: wanted / seconds, allSeconds, curve: sampling.curve("arrived") }
}

import { median } from "../figures/statistics.ts"
import { cleanedUp } from "../load/cleaning-up.ts"
import { monotonicMs } from "../load/monotonic-clock.ts"
import { eventsFor } from "../load/payload.ts"
import { usageOf } from "../load/process-usage.ts"
import { fewBatches, publishAll } from "../load/publishing.ts"
import { type Receiver, startReceiver } from "../load/receiver.ts"
import { newDirectory, startTocsin, type TocsinServer } from "../load/tocsin-server.ts"
import { until } from "../load/waiting-until.ts"
import { createWorkspace, type WebhookOf, type Workspace } from "../load/workspace.ts"
import { besideBaselines, type Pace, type SideName, sideNames } from "./beside-baselines.ts"
import { Sampling } from "./sampling.ts"
import { type ScaleBenchmark, sized } from "./scale-run.ts"

type Side = {
  readonly name: SideName
  readonly directory: string
  readonly workspace: Workspace
  /** Under which the receiver counts the healthy half's arrivals. */
  readonly path: string
}

type Run = {
  readonly perSecond: number
  readonly lastSeconds: number
  readonly peakMiB: number
  readonly curve: readonly (readonly [number, number])[]
}

const rounds = 3
const deliverMaxMs = 300_000
/** The rate is taken when so many have arrived: the last ones may be retries, which say how long a retry waits. */
const counted = 0.9

/**
 * Ten thousand webhooks, each an origin of its own, get events in turn. Every second one is dead: half of these refuse
 * connections, half take the request and say nothing until the timeout. What counts is how fast the events for the other half,
 * healthy on all sides, go out under the same offered load, beside two baselines: on one side all answer, on the other the
 * half in question takes no deliveries at all, so that nothing is done but the healthy half's work. Where all answer, twice as
 * much is delivered: alone that would be a baseline which dead webhooks, cheaper than live ones, can hardly fall short of.
 */
export const dead: ScaleBenchmark = (parts) =>
  cleanedUp(async (cleaning) => {
    const { say } = parts
    const webhooks = sized(10_000, parts, 100)
    const events = sized(40_000, parts, 2 * webhooks)
    const receiver = await startReceiver(cleaning)
    await receiver.behave("silent", "silent")

    const others: Readonly<Record<SideName, WebhookOf>> = {
      "all healthy": (number) => ({ url: receiver.url("http", "others", number) }),
      // Its events are published all the same, and are for no webhook.
      "half idle": (number) => ({
        url: receiver.url("http", "others", number),
        environments: [`unpublished-${number}`],
      }),
      "half dead": (number) => ({
        url: number % 4 === 1 ? receiver.refusingUrl(number) : receiver.url("http", "silent", number),
      }),
    }
    async function prepare(name: SideName): Promise<Side> {
      say(`registering ${webhooks} webhooks: ${name}`)
      const directory = newDirectory(cleaning)
      const path = name.replace(" ", "-")
      const server = await startTocsin(cleaning, { directory })
      const workspace = await createWorkspace(server.address, webhooks, (number) =>
        number % 2 === 0 ? { url: receiver.url("http", path, number) } : others[name](number),
      )
      await server.stop()
      return { name, directory, workspace, path }
    }
    const sides: Side[] = []
    for (const name of sideNames) sides.push(await prepare(name))

    const runs: (Run & Pick<Side, "name">)[] = []
    for (let round = 0; round < rounds; round++) {
      // Each begins a round, and stands in its middle and at its end, once.
      for (const side of [...sides.slice(round % sides.length), ...sides.slice(0, round % sides.length)]) {
        say(`round ${round + 1} of ${rounds}: ${side.name}`)
        const server = await startTocsin(cleaning, { directory: side.directory })
        runs.push({ name: side.name, ...(await measure(server, side, receiver, events)) })
        // What is in flight to the silent ones is waited for up to its timeout.
        await server.stop()
      }
    }
    const runsOf = (name: SideName) => runs.filter((run) => run.name === name)
    const paceOf = (name: SideName): Pace => ({
      perSecond: median(runsOf(name).map(({ perSecond }) => perSecond)),
      lastSeconds: median(runsOf(name).map(({ lastSeconds }) => lastSeconds)),
    })
    const paces = {
      "all healthy": paceOf("all healthy"),
      "half idle": paceOf("half idle"),
      "half dead": paceOf("half dead"),
    }
    const { ofAllHealthy, ofHalfIdle, targets } = besideBaselines(paces)
    return {
      what: `${webhooks} webhooks in strict order, ${events} events to them in turn in batches of 50; ${rounds} rounds in turn, the server restarted before each. Of the half in question all answer, none takes deliveries, or all are dead; counted is the other half, its rate over the first ${counted * 100} % to arrive.`,
      figures: {
        webhooks,
        events,
        perSecondAllHealthy: paces["all healthy"].perSecond,
        perSecondHalfIdle: paces["half idle"].perSecond,
        perSecondHalfDead: paces["half dead"].perSecond,
        ofAllHealthy,
        ofHalfIdle,
        secondsToTheLastAllHealthy: paces["all healthy"].lastSeconds,
        secondsToTheLastHalfIdle: paces["half idle"].lastSeconds,
        secondsToTheLastHalfDead: paces["half dead"].lastSeconds,
        peakMiBHalfDead: Math.max(...runsOf("half dead").map(({ peakMiB }) => peakMiB)),
      },
      curves: [
        {
          name: "dead",
          title: "Events for the healthy half: beside dead, idle and healthy webhooks",
          note: `${webhooks.toLocaleString("en-GB")} webhooks; the last round`,
          xLabel: "seconds",
          yLabel: "arrived at the healthy half",
          series: sideNames.map((name) => ({ label: name, points: runsOf(name).at(-1)?.curve ?? [] })),
        },
      ],
      targets,
    }
  })

async function measure(
  server: TocsinServer,
  { workspace, path }: Side,
  receiver: Receiver,
  events: number,
): Promise<Run> {
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
  const lastSeconds = (monotonicMs() - startedMs) / 1_000
  await published
  await sampling.stop()
  const { peakMiB } = usageOf(server.pid)
  return { perSecond: wanted / seconds, lastSeconds, peakMiB, curve: sampling.curve("arrived") }
}

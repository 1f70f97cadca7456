import { median } from "../figures/statistics.ts"
import { atMost } from "../figures/target.ts"
import { cleanedUp } from "../load/cleaning-up.ts"
import { monotonicMs } from "../load/monotonic-clock.ts"
import { eventsFor } from "../load/payload.ts"
import { usageOf } from "../load/process-usage.ts"
import { Publisher } from "../load/publishing.ts"
import { startReceiver } from "../load/receiver.ts"
import { newDirectory, startTocsin } from "../load/tocsin-server.ts"
import { until } from "../load/waiting-until.ts"
import { createWorkspace } from "../load/workspace.ts"
import { type ScaleBenchmark, sized } from "./scale-run.ts"

const widths = [1, 10, 100, 1_000]
const deliverMaxMs = 120_000
/** No target was set for it; a publisher that waits this long for its 202 would think of a fault. */
const acceptMaxMs = 1_000

/** One event goes to all of a workspace's webhooks: how long its 202 takes, and its last delivery, by their number. */
export const fanout: ScaleBenchmark = (parts) =>
  cleanedUp(async (cleaning) => {
    const { say } = parts
    const events = sized(20, parts, 5)
    const receiver = await startReceiver(cleaning)
    const directory = newDirectory(cleaning)
    const server = await startTocsin(cleaning, { directory })
    const points: {
      readonly width: number
      readonly acceptMs: number
      readonly lastMs: number
      readonly perSecond: number
    }[] = []
    for (const width of widths) {
      say(`fan-out to ${width} webhooks`)
      const path = `fan-${width}`
      const workspace = await createWorkspace(server.address, width, (number) => ({
        url: receiver.url("http", path, number),
        environments: null,
        ordering: "strict",
      }))
      const publisher = new Publisher({ addresses: server.addresses, key: workspace.key }, eventsFor(1), 4)
      const accepts: number[] = []
      const lasts: number[] = []
      // The first few open the connections.
      for (let number = -3; number < events; number++) {
        const before = await receiver.arrived(path)
        const startedMs = monotonicMs()
        const { status, tookMs } = await publisher.post(0, 1)
        if (status !== 202) throw new Error(`an event for ${width} webhooks was answered ${status}`)
        const all = async () => (await receiver.arrived(path)) >= before + width
        await until(`${width} deliveries of one event`, all, 1, deliverMaxMs)
        if (number < 0) continue
        accepts.push(tookMs)
        lasts.push(monotonicMs() - startedMs)
      }
      publisher.close()
      points.push({
        width,
        acceptMs: median(accepts),
        lastMs: median(lasts),
        perSecond: width / (median(lasts) / 1_000),
      })
    }
    const peakMiB = usageOf(server.pid).peakMiB
    const widest = points.at(-1)
    return {
      what: `${events} events one after the other to each number of webhooks, strictly ordered, each an origin of its own. Medians.`,
      figures: Object.fromEntries([
        ...points.flatMap(({ width, acceptMs, lastMs, perSecond }) => [
          [`acceptMsTo${width}`, acceptMs],
          [`lastArrivalMsTo${width}`, lastMs],
          [`perSecondTo${width}`, perSecond],
        ]),
        ["peakMiB", peakMiB],
      ]),
      curves: [
        {
          name: "fanout",
          title: "One event to many webhooks",
          note: "From the request to its 202, and to the arrival at the last webhook",
          xLabel: "webhooks",
          yLabel: "ms",
          series: [
            { label: "202", points: points.map(({ width, acceptMs }) => [width, acceptMs] as const) },
            { label: "last arrival", points: points.map(({ width, lastMs }) => [width, lastMs] as const) },
          ],
        },
      ],
      targets: [
        atMost(`202 for an event to ${widest?.width} webhooks`, widest?.acceptMs ?? Number.NaN, acceptMaxMs, " ms"),
      ],
    }
  })

import { statSync } from "node:fs"
import { join } from "node:path"
import { median, quantile } from "../figures/statistics.ts"
import { atLeast, atMost } from "../figures/target.ts"
import { cleanedUp } from "../load/cleaning-up.ts"
import { monotonicMs } from "../load/monotonic-clock.ts"
import { usageOf } from "../load/process-usage.ts"
import { fewBatches } from "../load/publishing.ts"
import { startReceiver } from "../load/receiver.ts"
import { throughputOf } from "../load/throughput-of.ts"
import { newDirectory, startTocsin, type TocsinServer } from "../load/tocsin-server.ts"
import { createWorkspace, type Workspace } from "../load/workspace.ts"
import { type ScaleBenchmark, sized } from "./scale-run.ts"
import { seedHistory } from "./seeding.ts"

const steps = 5
const pageMaxMs = 50
const pagesEach = 40

type Point = {
  readonly attempts: number
  readonly loaded: number
  readonly empty: number
  readonly ratio: number
  /** p99 of the slowest kind of first page. */
  readonly pageMs: number
}

/**
 * Ten million attempts are stored in five steps. After each, the server on them and one on an empty store deliver in
 * turn, and the log's first page is read in the ways that people read it.
 */
export const history: ScaleBenchmark = (parts) =>
  cleanedUp(async (cleaning) => {
    const { say } = parts
    const attempts = sized(10_000_000, parts, 1_000)
    const events = sized(20_000, parts, 2_000)
    const receiver = await startReceiver(cleaning)
    const prepare = async (path: string) => {
      const directory = newDirectory(cleaning)
      const server = await startTocsin(cleaning, { directory })
      const workspace = await createWorkspace(server.address, 100, () => ({
        url: receiver.url("http", path),
        ordering: "none",
      }))
      await server.stop()
      return { directory, workspace, path }
    }
    say("preparing")
    const [full, empty] = [await prepare("loaded"), await prepare("empty")]
    const points: Point[] = []
    let pages: readonly (readonly [string, number])[] = []
    let [stored, seedSeconds, restartMs, peakMiB] = [0, 0, 0, 0]
    for (let step = 0; step <= steps; step++) {
      const wanted = Math.round((attempts * step) / steps)
      if (wanted > stored) {
        const startedMs = monotonicMs()
        const add = wanted - stored
        await seedHistory(full.directory, full.workspace, add, (done) =>
          say(`storing attempts: ${stored + done} of ${attempts}`),
        )
        seedSeconds += (monotonicMs() - startedMs) / 1_000
        stored = wanted
      }
      say(`measuring with ${stored} attempts stored`)
      const startedMs = monotonicMs()
      const loadedServer = await startTocsin(cleaning, { directory: full.directory })
      restartMs = monotonicMs() - startedMs
      const emptyServer = await startTocsin(cleaning, { directory: empty.directory })
      const [loaded, none]: [number[], number[]] = [[], []]
      // The first warms both up.
      for (let round = 0; round <= 3; round++) {
        const rate = (server: TocsinServer, { workspace, path }: typeof full) =>
          throughputOf(server, workspace, receiver, path, fewBatches(events))
        const emptyFirst = round % 2 === 0 ? await rate(emptyServer, empty) : null
        const one = await rate(loadedServer, full)
        const two = emptyFirst ?? (await rate(emptyServer, empty))
        if (round > 0) {
          loaded.push(one)
          none.push(two)
        }
      }
      pages = await firstPages(loadedServer, full.workspace)
      peakMiB = usageOf(loadedServer.pid).peakMiB
      points.push({
        attempts: stored,
        loaded: median(loaded),
        empty: median(none),
        ratio: median(loaded.map((rate, at) => rate / (none[at] ?? Number.NaN))),
        pageMs: Math.max(...pages.map(([, ms]) => ms)),
      })
      await loadedServer.stop()
      await emptyServer.stop()
    }
    const last = points.at(-1)
    const sizeMiB = statSync(join(full.directory, "tocsin.db")).size / 2 ** 20
    return {
      what: `${attempts} attempts of as many deliveries, ten to an event, stored in ${steps} steps; after each, three rounds of ${events} events in batches of 50 in turn with an empty store, and ${pagesEach} reads of each first page.`,
      figures: {
        attempts,
        sizeMiB,
        seedSeconds,
        restartMs,
        peakMiB,
        ofEmptyStore: last?.ratio ?? Number.NaN,
        perSecondLoaded: last?.loaded ?? Number.NaN,
        perSecondEmpty: last?.empty ?? Number.NaN,
        ...Object.fromEntries(pages.map(([name, ms]) => [`first page, p99 ms: ${name}`, ms])),
      },
      curves: [
        {
          name: "history-throughput",
          title: "Throughput with a long history",
          note: "Batches of 50 to 100 webhooks; the empty store measured in turn at each step",
          xLabel: "attempts stored",
          yLabel: "deliveries a second",
          series: [
            { label: "with history", points: points.map((each) => [each.attempts, each.loaded] as const) },
            { label: "empty store", points: points.map((each) => [each.attempts, each.empty] as const) },
          ],
        },
        {
          name: "history-page",
          title: "The log's first page with a long history",
          note: "p99 of the slowest kind of page: all, of one webhook, by status, an event's, of the last hour",
          xLabel: "attempts stored",
          yLabel: "ms",
          series: [{ label: "first page", points: points.map((each) => [each.attempts, each.pageMs] as const) }],
          bound: { y: pageMaxMs, label: `at most ${pageMaxMs} ms` },
        },
      ],
      targets: [
        atLeast("throughput, of an empty store's", last?.ratio ?? Number.NaN, 0.8),
        atMost("first page of the log, p99 of the slowest kind", last?.pageMs ?? Number.NaN, pageMaxMs, " ms"),
      ],
    }
  })

/** p99 of each kind of first page of the log, in ms, over HTTP. */
async function firstPages(
  server: TocsinServer,
  { key, webhookIds }: Workspace,
): Promise<readonly (readonly [string, number])[]> {
  const get = async (path: string): Promise<{ readonly ms: number; readonly body: unknown }> => {
    const startedMs = monotonicMs()
    const answer = await fetch(`${server.address}${path}`, { headers: { authorization: `Bearer ${key}` } })
    const body: unknown = await answer.json()
    if (!answer.ok) throw new Error(`${path} was answered ${answer.status}`)
    return { ms: monotonicMs() - startedMs, body }
  }
  const eventId = /"event_id":"([^"]+)"/.exec(JSON.stringify((await get("/v1/deliveries?limit=1")).body))?.[1]
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString()
  const kinds: Readonly<Record<string, string>> = {
    deliveries: "/v1/deliveries",
    "deliveries of a webhook": `/v1/deliveries?webhook_id=${webhookIds[0]}`,
    "deliveries delivered": "/v1/deliveries?status=delivered",
    "deliveries exhausted": "/v1/deliveries?status=exhausted",
    "deliveries of the last hour": `/v1/deliveries?from=${hourAgo}`,
    ...(eventId && { "deliveries of an event": `/v1/deliveries?event_id=${eventId}` }),
    events: "/v1/events",
  }
  const found: (readonly [string, number])[] = []
  for (const [name, path] of Object.entries(kinds)) {
    const times: number[] = []
    for (let read = 0; read < pagesEach; read++) {
      times.push((await get(path)).ms)
      // Below the 100 management requests a second that a key may make.
      await new Promise((resolve) => setTimeout(resolve, 15))
    }
    found.push([name, quantile(times, 0.99)])
  }
  return found
}

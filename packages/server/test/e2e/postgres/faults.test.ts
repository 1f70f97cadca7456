import { setTimeout as delay } from "node:timers/promises"
import postgres from "postgres"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type PostgresServer, startPostgres } from "../../postgres/postgres-server.ts"
import { openReceiver, type ReceivedRequest, type Receiver } from "../../receiver.ts"
import { call, eventually, Workspace } from "../api-calls.ts"
import type { RunningServer } from "../server-process.ts"
import { startLoad } from "./load.ts"
import { startNode } from "./nodes.ts"

const orderings = ["strict", "by_key", "none"] as const
/** Of each ordering, so that every node owns some. */
const webhooksEach = 3
const publishers = 3
/** What the nodes promise: see docs/scaling.md. */
const trafficGoesOnWithinMs = 10_000
/** A duplicate can come of a fault no later than its takeover and a pause's end. */
const faultEchoMs = 15_000

let server: PostgresServer
let receiver: Receiver
beforeAll(async () => {
  server = await startPostgres()
  receiver = await openReceiver({ replies: [{ status: 200, afterMs: 5 }] })
}, 400_000)
afterAll(async () => {
  await receiver?.close()
  await server?.close()
})

test("three nodes under load: killed, cut off, paused, their database restarted; nothing is lost, order holds", {
  timeout: 150_000,
}, async () => {
  const url = await server.freshDatabase()
  const first = await startNode(url)
  const workspace = await Workspace.create(first.address, "standard")
  await workspace.post("/v1/event-types", { name: "load.tested", description: "Published under load" })
  const webhooks = new Map<string, string>()
  for (const ordering of orderings)
    for (let index = 0; index < webhooksEach; index++) {
      const path = `/${ordering}/${index}`
      const retry = { initial_delay_seconds: 1, backoff_multiplier: 1, max_attempts: 20 }
      const body = { url: receiver.origin + path, events: ["load.*"], ordering, retry_config: retry }
      webhooks.set(path, String((await workspace.post("/v1/webhooks", body)).id))
    }
  const nodes: RunningServer[] = [first]
  const arrivals = new Arrivals(receiver)
  const load = startLoad({
    publishers,
    pauseMs: 150,
    key: workspace.key,
    addresses: () => nodes.map(({ address }) => address),
    behind: (ledger) => ledger.length - Math.min(...[...webhooks.keys()].map((path) => arrivals.at(path))),
    behindMax: 12,
  })
  // Two more join under load, by which the first gives webhooks away: that is no fault, and nothing may come twice.
  nodes.push(...(await Promise.all([startNode(url), startNode(url)])))
  const faults: { readonly name: string; readonly atMs: number; goesOnAfterMs?: number }[] = []

  /** Waits until what was accepted after now has come to every webhook. */
  async function trafficGoesOn(sinceMs: number): Promise<number> {
    await eventually(
      async () => {
        const accepted = load.ledger.find(({ sentMs }) => sentMs > sinceMs)
        if (accepted === undefined) return 0
        return receiver.received.filter((each) => each.header("webhook-id") === accepted.id).length
      },
      (came) => came >= webhooks.size,
      trafficGoesOnWithinMs + 15_000,
    )
    return performance.now() - sinceMs
  }

  async function fault(name: string, inject: () => Promise<void>, settledMs = 1_000): Promise<void> {
    const atMs = performance.now()
    const entry: (typeof faults)[number] = { name, atMs }
    faults.push(entry)
    await inject()
    entry.goesOnAfterMs = await trafficGoesOn(performance.now())
    await delay(settledMs)
  }

  await trafficGoesOn(performance.now())
  await eventually(
    () => sharesOf(url),
    (shares) => shares.length === 3 && shares.every((share) => share === 85 || share === 86),
  )

  await fault("kill -9 of a node", async () => {
    const [victim] = nodes.splice(1, 1)
    await victim?.kill("SIGKILL")
  })
  nodes.push(await startNode(url))

  await fault("PostgreSQL restarted", async () => {
    await server.halt()
    const address = nodes[0]?.address ?? ""
    const refused = await eventually(
      () =>
        call(address, "POST", "/v1/events", {
          key: workspace.key,
          body: { type: "load.tested", data: { publisher: -1 } },
        }),
      ({ status }) => status === 503,
    )
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0)
    const ready = await call(address, "GET", "/readyz")
    expect(ready.status).toBe(503)
    expect(ready.text).toMatch(/store: .*ECONNREFUSED/)
    expect((await call(address, "GET", "/healthz")).status).toBe(200)
    for (const node of nodes)
      await eventually(
        async () => node.output.stderr,
        (log) => log.includes("It is tried again until it can be done."),
      )
    await server.start()
  })
  await eventually(
    () => Promise.all(nodes.map(({ address }) => call(address, "GET", "/readyz"))),
    (answers) => answers.every(({ status }) => status === 200),
  )

  await fault("a node's connections cut", async () => {
    const sql = postgres(url, { max: 1, onnotice: () => {} })
    const [cut] = await sql`
      SELECT count(pg_terminate_backend(pid))::integer AS connections FROM pg_stat_activity
      WHERE application_name = (SELECT min(application_name) FROM pg_stat_activity WHERE application_name LIKE 'tocsin %')`
    await sql.end()
    expect(cut?.connections).toBeGreaterThan(3)
  })

  const [paused] = nodes.splice(0, 1)
  await fault("a node paused beyond its lease", async () => {
    void paused?.kill("SIGSTOP")
  })
  await fault("the paused node wakes", async () => {
    void paused?.kill("SIGCONT")
  })
  if (paused !== undefined) nodes.push(paused)
  await trafficGoesOn(performance.now())
  // The one that was paused is one of three again.
  await eventually(
    () => sharesOf(url),
    (shares) => shares.length === 3 && shares.every((share) => share === 85 || share === 86),
    15_000,
  )

  await load.stop()
  const firstArrivals = () => {
    const found = new Map<string, ReceivedRequest>()
    for (const each of receiver.received) {
      const name = `${each.path} ${each.header("webhook-id")}`
      if (!found.has(name)) found.set(name, each)
    }
    return found
  }
  const expected = load.ledger.flatMap(({ id }) => [...webhooks.keys()].map((path) => `${path} ${id}`))
  const missing = await eventually(
    async () => {
      const came = firstArrivals()
      return expected.filter((name) => !came.has(name))
    },
    (lost) => lost.length === 0,
    20_000,
  )
  expect(missing).toEqual([])
  expect(load.ledger.length).toBeGreaterThan(100)
  await eventually(
    () => workspace.list("/v1/webhooks"),
    (all) => all.every(({ backlog }) => backlog === 0),
    20_000,
  )

  // Order, of what came first: a node that wakes may repeat what it had on its way, late.
  const came = [...firstArrivals().values()]
  for (const path of webhooks.keys()) {
    const lane = came.filter((each) => each.path === path)
    if (path.startsWith("/strict")) expect(disorder(lane), path).toEqual([])
    if (path.startsWith("/by_key"))
      for (let publisher = 0; publisher < publishers; publisher++) {
        const own = lane.filter(({ text }) => JSON.parse(text).data.publisher === publisher)
        expect(own.length).toBeGreaterThan(0)
        expect(disorder(own), `${path} ${publisher}`).toEqual([])
      }
    // Numbered without a gap, whichever node accepted: a gap would tell the receiver of a loss.
    const numbers = lane.map(sequenceOf).sort((a, b) => a - b)
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  }

  // Duplicates come of faults alone: each soon after one, and never more than a lane may have on its way.
  const seen = new Set<string>()
  const repeats = receiver.received.filter((each) => {
    const name = `${each.path} ${each.header("webhook-id")}`
    if (!seen.has(name)) {
      seen.add(name)
      return false
    }
    return true
  })
  const unexplained = repeats.filter(({ atMs }) => !faults.some((f) => atMs >= f.atMs && atMs <= f.atMs + faultEchoMs))
  expect(unexplained.map(({ path, atMs }) => `${path} at ${atMs}`)).toEqual([])
  const strictRepeats = repeats.filter(({ path }) => path.startsWith("/strict"))
  expect(strictRepeats.length).toBeLessThanOrEqual(faults.length * webhooksEach)
  for (const { name, goesOnAfterMs } of faults) expect(goesOnAfterMs, name).toBeLessThan(trafficGoesOnWithinMs)
})

/** How many different events have come to each path. */
class Arrivals {
  readonly #receiver: Receiver
  readonly #ids = new Map<string, Set<string | undefined>>()
  #counted = 0

  constructor(from: Receiver) {
    this.#receiver = from
  }

  at(path: string): number {
    const { received } = this.#receiver
    for (; this.#counted < received.length; this.#counted++) {
      const request = received[this.#counted]
      if (request === undefined) continue
      const ids = this.#ids.get(request.path) ?? new Set()
      this.#ids.set(request.path, ids.add(request.header("webhook-id")))
    }
    return this.#ids.get(path)?.size ?? 0
  }
}

/** How many shards each connected node holds. */
async function sharesOf(url: string): Promise<number[]> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    const rows = await sql<{ count: number }[]>`
      SELECT count(*)::integer AS count FROM pg_locks
      WHERE locktype = 'advisory' AND classid = ${0x70c5_1001} AND granted GROUP BY pid`
    return rows.map(({ count }) => count)
  } finally {
    await sql.end()
  }
}

function sequenceOf(request: ReceivedRequest): number {
  return Number(request.header("webhook-sequence"))
}

function disorder(lane: readonly ReceivedRequest[]): string[] {
  return lane.flatMap((each, at) => {
    const before = lane[at - 1]
    if (before === undefined || sequenceOf(each) > sequenceOf(before)) return []
    return [`${sequenceOf(before)} then ${sequenceOf(each)}`]
  })
}

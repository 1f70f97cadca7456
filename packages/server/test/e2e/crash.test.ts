import { Agent, request } from "node:http"
import { expect, it, onTestFailed } from "vitest"
import { openReceiver, type ReceivedRequest, unusedPort } from "../receiver.ts"
import { SeededRandom } from "../simulation/seeded-random.ts"
import { eventually, Workspace } from "./api-calls.ts"
import { disorder, firstArrivals } from "./arrivals.ts"
import { newDataDirectory, type RunningServer, startServer } from "./server-process.ts"

const kills = 6
const publishers = 6
const webhooks = [
  { ordering: "strict", retry_config: { initial_delay_seconds: 1, backoff_multiplier: 1, max_attempts: 20 } },
  { ordering: "by_key", retry_config: { initial_delay_seconds: 1, backoff_multiplier: 1, max_attempts: 20 } },
  { ordering: "none", retry_config: { initial_delay_seconds: 1, backoff_multiplier: 1, max_attempts: 20 } },
] as const

/** What was acknowledged: each publisher's own events in its own order. */
type Ledger = { readonly publisher: number; readonly ids: string[] }[]

/** The answer's ids; null when none came, so that nobody knows whether the events were accepted. */
function publish(agent: Agent, workspace: Workspace, path: string, body: string): Promise<string[] | null> {
  return new Promise((resolve, reject) => {
    const sent = request(
      workspace.address + path,
      {
        method: "POST",
        agent,
        headers: { authorization: `Bearer ${workspace.key}`, "content-type": "application/json" },
      },
      (response) => {
        let text = ""
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk
        })
        response.on("error", () => resolve(null))
        response.on("end", () => {
          if (!response.complete) return resolve(null)
          if (response.statusCode !== 202) return reject(new Error(`${response.statusCode}: ${text}`))
          const parsed: { id: string } | { data: { id: string }[] } = JSON.parse(text)
          resolve("id" in parsed ? [parsed.id] : parsed.data.map(({ id }) => id))
        })
      },
    )
    sent.on("error", () => resolve(null))
    sent.end(body)
  })
}

/** One connection's publisher: singly and in batches by turns, for as long as it is let. */
async function keepPublishing(workspace: Workspace, publisher: number, ids: string[], stop: AbortSignal) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let count = 0
  const event = () =>
    JSON.stringify({ type: "load.tested", data: { publisher, count: ++count }, ordering_key: `publisher-${publisher}` })
  try {
    while (!stop.aborted) {
      const batch = publisher % 2 === 1 && count % 3 === 0
      const body = batch ? `{"events":[${Array.from({ length: 10 }, event).join(",")}]}` : event()
      const acknowledged = await publish(agent, workspace, batch ? "/v1/events/batch" : "/v1/events", body)
      if (acknowledged !== null) ids.push(...acknowledged)
      // Under load, not buried: what one strict lane cannot deliver meanwhile has to be waited for at the end.
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  } finally {
    agent.destroy()
  }
}

it("loses no acknowledged event and keeps the order, killed again and again under load", {
  timeout: 120_000,
}, async () => {
  const seed = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9))
  const random = new SeededRandom(seed)
  onTestFailed(() => console.error(`the kills of this run come again with CRASH_SEED=${seed}`))
  const directory = newDataDirectory()
  const settings = { TOCSIN_DATA_DIR: directory, TOCSIN_PORT: String(await unusedPort()) }
  let server: RunningServer = await startServer(settings)
  const workspace = await Workspace.create(server.address, "standard")
  await workspace.post("/v1/event-types", { name: "load.tested", description: "Published under load" })
  // Some are refused at first, so that retries are pending too when the process dies.
  const refusedEvery: Readonly<Record<string, number>> = { "/strict": 900, "/by_key": 150, "/none": 20 }
  const seen = new Map<string, number>()
  const accepted: ReceivedRequest[] = []
  const receiver = await openReceiver({
    replies: (request) => {
      const count = (seen.get(request.path) ?? 0) + 1
      seen.set(request.path, count)
      if (count % (refusedEvery[request.path] ?? 1) === 0) return 503
      accepted.push(request)
      return 200
    },
  })
  try {
    const registered = new Map<string, string>()
    for (const { ordering, retry_config } of webhooks) {
      const url = `${receiver.origin}/${ordering}`
      const { id } = await workspace.post("/v1/webhooks", { url, events: ["load.*"], ordering, retry_config })
      registered.set(ordering, String(id))
    }
    const stop = new AbortController()
    const ledger: Ledger = Array.from({ length: publishers }, (_, publisher) => ({ publisher, ids: [] }))
    const publishing = Promise.all(
      ledger.map(({ publisher, ids }) => keepPublishing(workspace, publisher, ids, stop.signal)),
    )
    const acknowledged = () => ledger.reduce((sum, { ids }) => sum + ids.length, 0)
    for (let kill = 0; kill < kills; kill++) {
      const before = acknowledged()
      await eventually(
        async () => acknowledged(),
        (count) => count > before,
      )
      await new Promise((resolve) => setTimeout(resolve, random.fraction() * 1_000))
      expect(await server.kill("SIGKILL")).toEqual({ code: null, signal: "SIGKILL" })
      server = await startServer(settings)
    }
    stop.abort()
    await publishing
    expect(acknowledged()).toBeGreaterThan(300)

    // Nobody asks for anything from here on: what was pending goes out by itself.
    await eventually(
      () => workspace.list("/v1/webhooks"),
      (all) => all.length === webhooks.length && all.every(({ backlog }) => backlog === 0),
      60_000,
    )
    for (const [ordering, id] of registered) {
      const got = receiver.received.filter(({ path }) => path === `/${ordering}`)
      const first = firstArrivals(got)
      const lost = ledger.flatMap(({ ids }) => ids).filter((event) => !first.has(event))
      expect(lost, ordering).toEqual([])
      const deliveries = await workspace.list(`/v1/deliveries?webhook_id=${id}&status=delivered`)
      expect(deliveries.length, ordering).toBe(first.size)
    }

    const strict = receiver.received.filter(({ path }) => path === "/strict")
    expect(disorder(strict)).toEqual([])
    // At least once: what was in flight when the process died, one per death, came again and nothing else did.
    const taken = accepted.filter(({ path }) => path === "/strict")
    const repeats = taken.length - new Set(taken.map(({ header }) => header("webhook-id"))).size
    expect(repeats).toBeLessThanOrEqual(kills)

    for (const { publisher } of ledger) {
      const lane = receiver.received.filter(
        ({ path, text }) => path === "/by_key" && JSON.parse(text).data.publisher === publisher,
      )
      expect(lane.length).toBeGreaterThan(0)
      expect(disorder(lane), `publisher ${publisher}`).toEqual([])
    }
    // What each publisher was told in turn came in that turn.
    for (const { ids } of ledger) {
      const places = ids.map((id) => strict.findIndex(({ header }) => header("webhook-id") === id))
      expect(places).toEqual([...places].sort((a, b) => a - b))
    }
    expect(server.output.stderr).not.toMatch(/"level":(50|60)/)
  } finally {
    await receiver.close()
  }
})

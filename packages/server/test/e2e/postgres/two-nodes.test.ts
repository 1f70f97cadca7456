import { afterAll, beforeAll, expect, test } from "vitest"
import { type PostgresServer, startPostgres } from "../../postgres/postgres-server.ts"
import { openReceiver, type Receiver } from "../../receiver.ts"
import { call, eventually, member, Workspace } from "../api-calls.ts"
import type { RunningServer } from "../server-process.ts"
import { startNode } from "./nodes.ts"

let server: PostgresServer
let receiver: Receiver
let nodes: readonly [RunningServer, RunningServer]
let here: Workspace
let there: Workspace
beforeAll(async () => {
  server = await startPostgres()
  receiver = await openReceiver()
  const url = await server.freshDatabase()
  nodes = [await startNode(url), await startNode(url)]
  here = await Workspace.create(nodes[0].address, "standard")
  there = new Workspace(nodes[1].address, here.id, here.key)
}, 400_000)
afterAll(async () => {
  await Promise.all((nodes ?? []).map((node) => node.kill()))
  await receiver?.close()
  await server?.close()
})

const withinASecond = 1_000

test("a change on one node holds there at once and on the other within a second", async () => {
  await eventually(
    () => there.ask("GET", "/v1/webhooks"),
    ({ status }) => status === 200,
    withinASecond,
  )
  const url = `${receiver.origin}/changed`
  const { id } = await here.post("/v1/webhooks", { url, events: ["*"], description: "first" })
  await eventually(
    () => there.ask("GET", `/v1/webhooks/${id}`),
    ({ status }) => status === 200,
    withinASecond,
  )
  await there.put(`/v1/webhooks/${id}`, { description: "second" })
  expect(await there.get(`/v1/webhooks/${id}`)).toMatchObject({ description: "second" })
  await eventually(
    () => here.get(`/v1/webhooks/${id}`),
    ({ description }) => description === "second",
    withinASecond,
  )
  const created = await here.post("/v1/api-keys", { name: "short-lived" })
  const ask = (address: string) => call(address, "GET", "/v1/webhooks", { key: String(created.key) })
  await eventually(
    () => ask(nodes[1].address),
    ({ status }) => status === 200,
    withinASecond,
  )
  await here.delete(`/v1/api-keys/${created.id}`)
  expect((await ask(nodes[0].address)).status).toBe(401)
  await eventually(
    () => ask(nodes[1].address),
    ({ status }) => status === 401,
    withinASecond,
  )
  await here.delete(`/v1/webhooks/${id}`)
})

test("whichever node takes an event or a retry, whichever owns the webhook: it is sent, once, soon", async () => {
  await here.post("/v1/event-types", { name: "node.tested", description: "Whatever the node" })
  const paths = Array.from({ length: 8 }, (_, index) => `/each/${index}`)
  const ids: unknown[] = []
  for (const path of paths) {
    const body = { url: receiver.origin + path, events: ["node.tested"], ordering: "strict" }
    ids.push((await here.post("/v1/webhooks", body)).id)
  }
  await eventually(
    () => there.list("/v1/webhooks"),
    (all) => all.length === paths.length,
    withinASecond,
  )
  await eventually(
    () => there.list("/v1/event-types"),
    (all) => all.some(({ name }) => name === "node.tested"),
  )
  for (const workspace of [here, there, here, there])
    await workspace.post("/v1/events", { type: "node.tested", data: { by: workspace.address } })
  const acceptedMs = performance.now()
  const each = () => receiver.received.filter(({ path }) => path.startsWith("/each/"))
  await eventually(
    async () => each().length,
    (count) => count === paths.length * 4,
  )
  // Notified, not found by the poll.
  expect(performance.now() - acceptedMs).toBeLessThan(1_400)
  for (const path of paths) {
    const sequences = each().filter((request) => request.path === path)
    expect(sequences.map((request) => request.header("webhook-sequence"))).toEqual(["1", "2", "3", "4"])
  }
  for (const id of ids) {
    const [first] = await eventually(
      () => there.deliveriesTo(id),
      (all) => all.length === 4 && all.every(({ status }) => status === "delivered"),
    )
    await there.post(`/v1/deliveries/${first?.id}/retry`)
  }
  await eventually(
    async () => each().length,
    (count) => count === paths.length * 5,
  )
})

test("a rate limit holds over both nodes together", async () => {
  const { key } = await here.post("/v1/api-keys", { name: "busy" })
  const ask = (index: number) =>
    call(nodes[index % 2]?.address ?? "", "GET", "/v1/event-types?limit=1", { key: String(key) })
  await eventually(
    () => ask(1),
    ({ status }) => status === 200,
    withinASecond,
  )
  // Within one window at least once, however slow the machine: 100 a second are allowed, over both.
  const answers = await eventually(
    () => Promise.all(Array.from({ length: 240 }, (_, index) => ask(index))),
    (all) => all.some(({ status }) => status === 429),
    30_000,
  )
  const taken = [0, 1].map((node) => answers.filter(({ status }, index) => index % 2 === node && status === 200).length)
  // Each for itself, both together would have let through all of 120 and 120, less twenty at most on each.
  expect((taken[0] ?? 0) + (taken[1] ?? 0)).toBeLessThanOrEqual(200)
  expect(answers.find(({ status }) => status === 429)?.headers.get("retry-after")).toBe("1")
})

test("a stream on one node shows what is accepted and sent on the other", async () => {
  await here.post("/v1/webhooks", { url: `${receiver.origin}/streamed`, events: ["node.tested"] })
  await eventually(
    () => there.list("/v1/webhooks"),
    (all) => all.some(({ url }) => String(url).endsWith("/streamed")),
    withinASecond,
  )
  const stop = new AbortController()
  const streams = await Promise.all(
    [here, there].map(async ({ address, key }) => {
      const headers = { authorization: `Bearer ${key}` }
      const response = await fetch(`${address}/v1/stream`, { headers, signal: stop.signal })
      const seen = { text: "" }
      const reading = (async () => {
        for await (const chunk of response.body ?? []) seen.text += Buffer.from(chunk).toString("utf8")
      })()
      reading.catch(() => {})
      return seen
    }),
  )
  // Whoever watches is known elsewhere a moment later.
  const shown = await eventually(
    async () => {
      const { id } = await there.post("/v1/events", { type: "node.tested", data: {} })
      return streams.every(({ text }) => text.includes(`"id":"${id}"`)) || streams.map(({ text }) => text.length)
    },
    (all) => all === true || streams.every(({ text }) => /event: event\n/.test(text) && /event: attempt\n/.test(text)),
  )
  expect(shown).toBeTruthy()
  stop.abort()
})

test("what the node says of itself is ready", async () => {
  for (const { address } of nodes)
    expect(member(await call(address, "GET", "/readyz"), "json")).toEqual({ status: "ready" })
})

test("what happens to webhooks of either node is told to those of the other, in the same commit, once", async () => {
  const gone = await openReceiver({ replies: [410] })
  try {
    await here.post("/v1/event-types", { name: "node.ended", description: "To be refused for good" })
    const count = 8
    const add = async (url: string, events: readonly string[]) => (await here.post("/v1/webhooks", { url, events })).id
    // So many that each node owns some of both kinds.
    const broken: unknown[] = []
    for (let n = 0; n < count; n++) broken.push(await add(`${gone.origin}/${n}`, ["node.ended"]))
    for (let n = 0; n < count; n++) {
      await add(`${receiver.origin}/told/${n}`, ["webhook.disabled", "delivery.exhausted"])
    }
    await here.post("/v1/events", { type: "node.ended", data: {} })
    const told = () => receiver.received.filter(({ path }) => path.startsWith("/told/"))
    await eventually(
      async () => told().length,
      (arrived) => arrived === count * count * 2,
      20_000,
    )
    const news = told().map(({ path, text }) => {
      const { type, data } = JSON.parse(text)
      return `${path} ${type} ${data.webhook.id}`
    })
    expect(new Set(news).size).toBe(count * count * 2)
    await eventually(
      () => there.list("/v1/webhooks"),
      (all) => broken.every((id) => all.some((webhook) => webhook.id === id && webhook.status === "disabled")),
    )
  } finally {
    await gone.close()
  }
})

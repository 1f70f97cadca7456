import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import {
  openRawReceiver,
  openReceiver,
  type Receiver,
  type ReceiverOptions,
  type Reply,
  unusedPort,
} from "../receiver.ts"
import { eventually, type Json, member, members, Workspace } from "./api-calls.ts"
import { newDataDirectory, type RunningServer, startServer } from "./server-process.ts"

const dataDirectory = newDataDirectory()
const tls = new URL("../fixtures/tls/", import.meta.url)
const pem = (file: string) => readFileSync(new URL(file, tls), "utf8")
const identity = (name: string) => ({ key: pem(`${name}.key`), cert: pem(`${name}.crt`) })
// The tests' own authority, trusted as an operator would have it trusted: only so is a certificate merely expired.
const trusting = { TOCSIN_DATA_DIR: dataDirectory, NODE_EXTRA_CA_CERTS: fileURLToPath(new URL("authority.crt", tls)) }

let server: RunningServer
let workspace: Workspace
const open: { close(): Promise<void> }[] = []

beforeAll(async () => {
  server = await startServer(trusting)
})
beforeEach(async () => {
  workspace = await Workspace.create(server.address, "standard")
  await workspace.post("/v1/event-types", { name: "thing.happened", description: "Something" })
})
afterAll(async () => {
  for (const each of open) await each.close()
})

async function answering(...replies: Reply[]): Promise<Receiver> {
  return opened({ replies })
}

async function opened(options: ReceiverOptions): Promise<Receiver> {
  const receiver = await openReceiver(options)
  open.push(receiver)
  return receiver
}

/** One event to a new webhook, and what the log says once its first attempt was made. */
async function firstAttempt(
  url: string,
  settings: Json = {},
): Promise<{ delivery: Json; attempt: Json; path: string }> {
  const { id } = await workspace.post("/v1/webhooks", {
    url,
    events: ["thing.happened"],
    timeout_seconds: 2,
    retry_config: { initial_delay_seconds: 600 },
    ...settings,
  })
  const path = `/v1/webhooks/${id}`
  await workspace.post("/v1/events", { type: "thing.happened", data: { n: 1 } })
  const [{ id: deliveryId } = {}] = await eventually(
    () => workspace.deliveriesTo(id),
    ([delivery]) => Number(delivery?.attempt_count) > 0,
  )
  const delivery = await workspace.get(`/v1/deliveries/${deliveryId}`)
  const [attempt] = members(delivery, "attempts")
  if (attempt === undefined) throw new Error("no attempt")
  return { delivery, attempt, path }
}

const cases: readonly (readonly [
  what: string,
  expected: { code: string; hint: RegExp; status?: number },
  url: () => Promise<string>,
])[] = [
  [
    "nothing listens",
    { code: "connection_refused", hint: /nothing listens/i },
    async () => `http://127.0.0.1:${await unusedPort()}/`,
  ],
  ["no answer", { code: "timeout", hint: /within 2 s/ }, async () => (await answering("silence")).origin],
  ["an answer that never ends", { code: "timeout", hint: /within 2 s/, status: 200 }, drippingOrigin],
  ["status 500", { code: "non_2xx", hint: /any 2xx/, status: 500 }, async () => (await answering(500)).origin],
  ["status 404", { code: "non_2xx", hint: /any 2xx/, status: 404 }, async () => (await answering(404)).origin],
  ["status 401", { code: "unauthorized", hint: /secret/, status: 401 }, async () => (await answering(401)).origin],
  ["status 429", { code: "rate_limited", hint: /rate_limit/, status: 429 }, async () => (await answering(429)).origin],
  [
    "a redirect",
    { code: "redirect", hint: /final URL/, status: 308 },
    async () => (await answering({ status: 308, headers: { location: "/elsewhere" } })).origin,
  ],
  [
    "a cut connection",
    { code: "connection_reset", hint: /closed before/ },
    async () => (await answering("reset")).origin,
  ],
  ["no HTTP", { code: "protocol", hint: /HTTP/ }, garbageOrigin],
  [
    "a certificate that signs itself",
    { code: "tls_untrusted", hint: /authority/ },
    async () => (await opened({ tls: identity("self-signed") })).origin,
  ],
  [
    "an expired certificate",
    { code: "tls_expired", hint: /renew/i },
    async () => (await opened({ tls: identity("expired") })).origin,
  ],
  [
    "a certificate for another host",
    { code: "tls_hostname", hint: /name/ },
    async () => (await opened({ tls: identity("wrong-host") })).origin,
  ],
  [
    "plain HTTP at an https address",
    { code: "tls_protocol", hint: /TLS 1\.2/ },
    async () => (await answering(200)).origin.replace("http:", "https:"),
  ],
]

async function drippingOrigin(): Promise<string> {
  const receiver = await openRawReceiver((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    const drip = setInterval(() => socket.write("1\r\nx\r\n"), 100)
    socket.on("close", () => clearInterval(drip))
  })
  open.push(receiver)
  return receiver.origin
}

async function garbageOrigin(): Promise<string> {
  const receiver = await openRawReceiver((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n\r\n"))
  open.push(receiver)
  return receiver.origin
}

describe("a failed attempt says why", () => {
  it.each(cases)("%s", async (_what, { code, hint, status }, url) => {
    const fromMs = Date.now()
    const { delivery, attempt, path } = await firstAttempt(await url())
    expect(attempt).toMatchObject({
      number: 1,
      status_code: status ?? null,
      error: { code, message: expect.stringMatching(/\S+ \S+/), hint: expect.stringMatching(hint) },
    })
    expect(Number(attempt.duration_ms)).toBeLessThan(code === "timeout" ? 4_000 : 2_000)
    expect(delivery).toMatchObject({ status: "retrying", last_error_code: code, last_status_code: status ?? null })
    // 600 s after the attempt, 10 % more or less.
    const inMs = Date.parse(String(delivery.next_attempt_at)) - fromMs
    expect(inMs).toBeGreaterThan(540_000)
    expect(inMs).toBeLessThan(670_000)
    expect(await workspace.get(path)).toMatchObject({ consecutive_failures: 1, last_success_at: null, backlog: 1 })
  })

  it("an honest certificate of a trusted authority is delivered to", async () => {
    const receiver = await opened({ tls: identity("receiver") })
    const { delivery, attempt } = await firstAttempt(`${receiver.origin}/hook`)
    expect(delivery).toMatchObject({ status: "delivered", next_attempt_at: null })
    expect(attempt).toMatchObject({ status_code: 200, error: null })
  })

  it("shows what was sent and what came back, without the customer's credentials", async () => {
    const receiver = await answering({
      status: 422,
      headers: { "x-trace": "t-1", "content-type": "text/plain" },
      body: "<script>no such field: «n»</script>",
    })
    const { delivery, attempt } = await firstAttempt(`${receiver.origin}/hook?tenant=1`, {
      headers: { Authorization: "Bearer receivers-own-token", "X-Team": "blue" },
    })
    const [request] = receiver.received
    if (request === undefined) throw new Error("nothing came")
    expect(request.header("authorization")).toBe("Bearer receivers-own-token")
    const shown = member(attempt, "request_headers")
    for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature", "X-Team", "user-agent"]) {
      expect([name, shown[name]]).toEqual([name, request.header(name)])
    }
    expect(shown.Authorization).toBe("********")
    expect(JSON.stringify(delivery)).not.toContain("receivers-own-token")
    expect(attempt).toMatchObject({
      response_headers: { "x-trace": "t-1", "content-type": "text/plain" },
      response_body: "<script>no such field: «n»</script>",
    })
  })

  it("Retry-After moves the next attempt", async () => {
    const receiver = await answering({ status: 503, headers: { "retry-after": "7200" } })
    const fromMs = Date.now()
    const { delivery } = await firstAttempt(receiver.origin)
    expect(Date.parse(String(delivery.next_attempt_at)) - fromMs).toBeGreaterThanOrEqual(7_200_000)
  })

  it("410 ends the delivery and disables the webhook, with the reason; what follows is held", async () => {
    const receiver = await answering(410, 200)
    const { id } = await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["thing.happened"] })
    const event = { type: "thing.happened", data: { n: 1 } }
    const { id: first } = await workspace.post("/v1/events", event)
    const webhook = await eventually(
      () => workspace.get(`/v1/webhooks/${id}`),
      ({ status }) => status === "disabled",
    )
    expect(webhook).toMatchObject({ disabled_reason: "gone", disabled_at: expect.stringMatching(/Z$/), active: true })
    const [exhausted] = await workspace.deliveriesTo(id)
    expect(exhausted).toMatchObject({ event_id: first, status: "exhausted", exhausted_because: "gone" })
    expect(await workspace.get(`/v1/deliveries/${exhausted?.id}`)).toMatchObject({
      attempts: [{ status_code: 410, error: { code: "gone", hint: expect.stringContaining("active") } }],
    })
    const { id: second } = await workspace.post("/v1/events", event)
    expect((await workspace.deliveriesTo(id)).at(-1)).toMatchObject({ event_id: second, status: "held" })
    expect(receiver.received).toHaveLength(1)
    await workspace.put(`/v1/webhooks/${id}`, { active: true })
    const [, after] = await receiver.arrived(2)
    expect(after?.header("webhook-id")).toBe(second)
  })

  it("gives up after max_attempts, and says so", async () => {
    const receiver = await answering(500)
    await workspace.post("/v1/webhooks", {
      url: receiver.origin,
      events: ["thing.happened"],
      retry_config: { max_attempts: 2, initial_delay_seconds: 1 },
    })
    const { id: eventId } = await workspace.post("/v1/events", { type: "thing.happened", data: { n: 1 } })
    const delivery = await eventually(
      () => workspace.deliveryOf(eventId),
      ({ status }) => status === "exhausted",
    )
    expect(delivery).toMatchObject({
      exhausted_because: "attempts",
      attempt_count: 2,
      next_attempt_at: null,
      ended_at: expect.stringMatching(/Z$/),
      attempts: [{ number: 1 }, { number: 2 }],
    })
    const [first, second] = receiver.received
    expect(Number(second?.atMs) - Number(first?.atMs)).toBeGreaterThan(880)
  })

  it("a private address is refused at registration, and at the socket when it was allowed before", async () => {
    for (const url of ["https://10.0.0.1/", "http://169.254.169.254/", "https://[::1]/", "http://example.com/"]) {
      const body = { url, events: ["thing.happened"] }
      expect(await workspace.ask("POST", "/v1/webhooks", { body })).toMatchObject({
        status: 422,
        json: { code: "validation_failed", errors: [{ pointer: "/url" }] },
      })
    }
    const receiver = await answering(200)
    await workspace.post("/v1/webhooks", { url: receiver.origin, events: ["thing.happened"] })
    await server.kill()
    server = await startServer({ ...trusting, TOCSIN_ALLOWED_TARGETS: undefined })
    workspace.address = server.address
    const { id: eventId } = await workspace.post("/v1/events", { type: "thing.happened", data: { n: 1 } })
    const delivery = await eventually(
      () => workspace.deliveryOf(eventId),
      ({ attempt_count }) => attempt_count === 1,
    )
    expect(delivery).toMatchObject({
      status: "retrying",
      attempts: [
        {
          status_code: null,
          error: { code: "blocked_address", hint: expect.stringContaining("TOCSIN_ALLOWED_TARGETS") },
        },
      ],
    })
    expect(receiver.connections).toBe(0)
  })
})

import { afterEach, describe, expect, it } from "vitest"
import { openReceiver, type ReceivedRequest, type Receiver, type Reply } from "../receiver.ts"
import { eventually, type Json, Workspace } from "./api-calls.ts"
import { newDataDirectory, type RunningServer, type Settings, startServer } from "./server-process.ts"

const opened: Receiver[] = []
let server: RunningServer | null = null
afterEach(async () => {
  await server?.kill()
  server = null
  for (const each of opened.splice(0)) await each.close()
})

async function opens(...replies: Reply[]): Promise<Receiver> {
  const receiver = await openReceiver({ replies: replies.length === 0 ? [200] : replies })
  opened.push(receiver)
  return receiver
}

/** A server, and a workspace with a webhook to the receiver. */
async function publishing(receiver: Receiver, settings: Settings) {
  server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory(), ...settings })
  const workspace = await Workspace.create(server.address, "standard")
  await workspace.post("/v1/event-types", { name: "thing.happened", description: "Something" })
  const { id: webhookId } = await workspace.post("/v1/webhooks", {
    url: `${receiver.origin}/hooks/credential-in-path?token=credential-in-query`,
    events: ["*"],
    retry_config: { max_attempts: 3, initial_delay_seconds: 1, backoff_multiplier: 1 },
  })
  const publish = async (headers: Readonly<Record<string, string>> = {}, body: Json = {}) => {
    const sent = { headers, body: { type: "thing.happened", data: {}, ...body } }
    return (await workspace.ask("POST", "/v1/events", sent)).json
  }
  return { workspace, webhookId, publish }
}

type Span = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly traceState: string
  readonly name: string
  readonly kind: number
  /** Nanoseconds of the Unix clock. */
  readonly from: bigint
  readonly to: bigint
  readonly isError: boolean
  readonly attributes: Readonly<Record<string, unknown>>
}

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null
const under = (value: unknown, name: string): Json[] => {
  const found = isJson(value) ? value[name] : null
  return Array.isArray(found) ? found.filter(isJson) : []
}
const attributesOf = (value: unknown) =>
  Object.fromEntries(
    under(value, "attributes").map(({ key, value: wrapped }) => [
      String(key),
      isJson(wrapped) ? Object.values(wrapped)[0] : null,
    ]),
  )

/** What a collector was sent, as OTLP in JSON writes it (opentelemetry-proto, "JSON Protobuf Encoding"). */
function spansIn(requests: readonly ReceivedRequest[]): Span[] {
  return requests
    .flatMap(({ text }) => under(JSON.parse(text), "resourceSpans"))
    .flatMap((resource) => under(resource, "scopeSpans"))
    .flatMap((scope) => under(scope, "spans"))
    .map((span) => ({
      traceId: String(span.traceId),
      spanId: String(span.spanId),
      parentSpanId: String(span.parentSpanId ?? ""),
      traceState: String(span.traceState ?? ""),
      name: String(span.name),
      kind: Number(span.kind),
      from: BigInt(String(span.startTimeUnixNano)),
      to: BigInt(String(span.endTimeUnixNano)),
      isError: isJson(span.status) && span.status.code === 2,
      attributes: attributesOf(span),
    }))
}

const kinds = { internal: 1, server: 2, client: 3 } as const
const traceId = "0af7651916cd43dd8448eb211c80319c"
const sent = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: "vendor=a,other=b" }
const quickly = { OTEL_BSP_SCHEDULE_DELAY: "50" }

describe("traces", () => {
  it("go from a publisher's span over acceptance and commit to each attempt, and on to the receiver", async () => {
    const collector = await opens()
    const receiver = await opens(503, 200)
    const { publish, webhookId, workspace } = await publishing(receiver, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
      OTEL_SERVICE_NAME: "alarms",
      OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
      ...quickly,
    })
    const event = await publish(sent)
    await receiver.arrived(2)
    const spans = await eventually(
      async () => spansIn(collector.received),
      (found) => found.length >= 4,
    )
    expect(collector.received[0]?.path).toBe("/v1/traces")
    expect(
      attributesOf(under(JSON.parse(collector.received[0]?.text ?? ""), "resourceSpans")[0]?.resource),
    ).toMatchObject({
      "service.name": "alarms",
      "deployment.environment.name": "test",
    })

    const [accept, commit, ...attempts] = ["accept", "commit", "POST"].flatMap((name) =>
      spans.filter((span) => span.name === name).sort((a, b) => (a.from < b.from ? -1 : 1)),
    )
    const [first, second] = attempts
    if (!accept || !commit || !first || !second) throw new Error(`spans are missing: ${spans.map(({ name }) => name)}`)
    expect(spans.map((span) => span.traceId)).toEqual(Array(4).fill(traceId))
    expect(accept).toMatchObject({ parentSpanId: "b7ad6b7169203331", kind: kinds.server, isError: false })
    expect(accept.attributes).toMatchObject({
      "tocsin.workspace.id": workspace.id,
      "tocsin.event.type": "thing.happened",
      "tocsin.event.id": event.id,
    })
    expect(commit).toMatchObject({ parentSpanId: accept.spanId, kind: kinds.internal })
    // OpenTelemetry takes each span's start from a clock of whole milliseconds, and adds how long it took exactly.
    const roundedNs = 1_000_000n
    expect(commit.from >= accept.from && commit.to <= accept.to + roundedNs).toBe(true)
    for (const [index, attempt] of [first, second].entries()) {
      expect(attempt).toMatchObject({ parentSpanId: accept.spanId, kind: kinds.client, isError: index === 0 })
      expect(attempt.attributes).toMatchObject({
        "http.request.method": "POST",
        "server.address": "127.0.0.1",
        "tocsin.webhook.id": webhookId,
        "tocsin.event.id": event.id,
        "tocsin.delivery.state": index === 0 ? "retrying" : "delivered",
      })
    }
    expect(first.attributes).toMatchObject({ "error.type": "non_2xx" })
    expect(first.attributes).not.toHaveProperty("http.request.resend_count")
    expect(Number(first.attributes["http.response.status_code"])).toBe(503)
    expect(Number(second.attributes["tocsin.attempt.number"])).toBe(2)
    expect(Number(second.attributes["http.request.resend_count"])).toBe(1)
    expect(second.attributes).not.toHaveProperty("error.type")

    // Each request names the attempt's own span, so what the receiver records is its child.
    expect(receiver.received.map(({ header }) => header("traceparent"))).toEqual(
      [first, second].map(({ spanId }) => `00-${traceId}-${spanId}-01`),
    )
    expect(receiver.received.map(({ header }) => header("tracestate"))).toEqual([sent.tracestate, sent.tracestate])
    // A webhook's path and query are often its credential.
    for (const { text } of collector.received) expect(text).not.toContain("credential-in")
  })

  it("begin with the event where the publisher sent none, and are recorded as the sampler says", async () => {
    const collector = await opens()
    const receiver = await opens()
    const { publish } = await publishing(receiver, {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.origin}/in`,
      OTEL_TRACES_SAMPLER: "parentbased_always_off",
      ...quickly,
    })
    await publish()
    await publish(sent)
    const [own, continued] = await receiver.arrived(2)
    // Told to the receiver as not recorded, so that it decides alike.
    expect(own?.header("traceparent")).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(continued?.header("traceparent")).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
    const spans = await eventually(
      async () => spansIn(collector.received),
      (found) => found.length >= 3,
    )
    expect(collector.received[0]?.path).toBe("/in")
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]))
  })

  it("tell why an event was refused, and are sent before the server ends", async () => {
    const collector = await opens()
    const { publish } = await publishing(await opens(), {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
      // Longer than this test: only the stop sends them.
      OTEL_BSP_SCHEDULE_DELAY: "600000",
    })
    await publish(sent, { type: "no.such.type" })
    expect(spansIn(collector.received)).toEqual([])
    expect(await server?.kill()).toEqual({ code: 0, signal: null })
    expect(spansIn(collector.received)).toMatchObject([
      { name: "accept", traceId, isError: false, attributes: { "error.type": "unknown_event_type" } },
    ])
  })

  it("delay nothing and stop nothing while their collector is away", async () => {
    const collector = await opens()
    const { origin } = collector
    await collector.close()
    const receiver = await opens()
    const { publish } = await publishing(receiver, { OTEL_EXPORTER_OTLP_ENDPOINT: origin, ...quickly })
    await publish(sent)
    await receiver.arrived(1)
    await eventually(
      async () => server?.output.stderr ?? "",
      (log) => log.includes("spans could not be sent"),
    )
    expect(await server?.kill()).toEqual({ code: 0, signal: null })
  })

  it("are passed on as they came where nothing is recorded, and nothing is added where none came", async () => {
    const receiver = await opens()
    const { publish } = await publishing(receiver, {})
    await publish(sent)
    await publish()
    await publish({ traceparent: "not a trace", tracestate: "vendor=a" })
    const seen = await receiver.arrived(3)
    const headers = seen.map(({ header }) => [header("traceparent"), header("tracestate")])
    expect(headers).toContainEqual([sent.traceparent, sent.tracestate])
    expect(headers.filter(([parent, state]) => parent === undefined && state === undefined)).toHaveLength(2)
  })
})

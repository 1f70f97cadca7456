import { createServer, type Server } from "node:http"
import { setTimeout as delay } from "node:timers/promises"
import { type CreatedWebhook, type EventType, Tocsin } from "@tocsin/client"

/** What a person looks around in: a workspace with webhooks that fare well and badly, and traffic that goes on. */
export type DashboardDemo = {
  /** Sign in with it. */
  readonly key: string
  /** Publishes the next event. @param through another server that has the same data. */
  readonly publish: (through?: Tocsin) => Promise<void>
  /** Publishes about so many events a second until the signal. */
  readonly traffic: (perSecond: number, signal: AbortSignal) => Promise<void>
  readonly close: () => Promise<void>
}

/** How an endpoint of the demo answers. */
type Temper = (count: number) => { readonly status: number; readonly afterMs: number; readonly body: string }

const ok = '{"received":true}'
const tempers = {
  /** A SIEM that keeps up. */
  steady: () => ({ status: 200, afterMs: 8 + Math.random() * 30, body: ok }),
  /** A ticketing system that stalls now and then. */
  moody: (count) =>
    count % 9 === 4
      ? { status: 503, afterMs: 40, body: '{"error":"upstream busy"}' }
      : { status: 201, afterMs: 60 + Math.random() * 240, body: '{"ticket":"SEC-1042"}' },
  /** One whose deployment went wrong; its error page must be shown as text. */
  broken: () => ({
    status: 500,
    afterMs: 15,
    body: '<!doctype html><html><body onload="alert(1)"><h1>500</h1><script>alert("database is down")</script></body></html>',
  }),
  /** One that verifies with an old secret. */
  forgetful: () => ({ status: 401, afterMs: 5, body: '{"error":"invalid signature"}' }),
  gone: () => ({ status: 410, afterMs: 5, body: "" }),
} satisfies Readonly<Record<string, Temper>>

/**
 * Fills a new workspace of a running server.
 *
 * @param address of a server that may send to `127.0.0.1`.
 */
export async function openDashboardDemo(address: string, adminKey: string): Promise<DashboardDemo> {
  const admin = new Tocsin({ baseUrl: address, apiKey: adminKey })
  const { api_key } = await admin.workspaces.create({ name: "Northwind Security", profile: "policycortex" })
  const tocsin = new Tocsin({ baseUrl: address, apiKey: api_key.key })
  const endpoints = await openEndpoints()
  const add = (temper: keyof typeof tempers, description: string, settings: Partial<CreatedWebhook> = {}) =>
    tocsin.webhooks.create({
      url: `${endpoints.origin}/${temper}/${description.toLowerCase().replaceAll(" ", "-")}`,
      events: settings.events ?? ["*"],
      secret: `demo-secret-of-${temper}`,
      description,
      ordering: "none",
      ...(settings.filters !== undefined && { filters: settings.filters }),
      ...(settings.headers !== undefined && { headers: settings.headers }),
    })
  await add("steady", "SIEM forwarder", { headers: { "X-Tenant": "northwind" } })
  await add("moody", "Ticketing", {
    events: ["policy.violation.created", "policy.violation.resolved", "compliance.*"],
    filters: { severity: ["HIGH", "CRITICAL"] },
  })
  await add("broken", "Compliance archive", { events: ["compliance.report.generated", "scan.failed"] })
  await add("forgetful", "Identity watch", { events: ["user.login"] })
  await add("gone", "Old pager", { events: ["policy.*"] })
  const paused = await add("steady", "Staging mirror", { events: ["scan.completed"] })
  await tocsin.webhooks.update(paused.id, { active: false })
  await tocsin.webhooks.create({
    url: `${endpoints.origin}/forgetful/new-endpoint`,
    events: ["policy.*"],
    secret: "demo-secret-new",
    description: "Being set up",
    verification: { enabled: true },
  })
  await tocsin.apiKeys.create({ name: "publisher in CI", scopes: ["events:write"] })
  await tocsin.apiKeys.create({
    name: "read-only reports",
    scopes: ["webhooks:read", "events:read", "deliveries:read"],
  })
  await tocsin.eventTypes.create({
    name: "pipeline.blocked",
    description: "A deployment was stopped by policy",
    severity: "medium",
    sample: { pipeline: "web", commit: "4f2a91c" },
  })

  const types: EventType[] = []
  for await (const type of tocsin.eventTypes.list()) types.push(type)
  let published = 0
  const publish = async (through = tocsin) => {
    const type = types[(published * 7) % types.length]
    published += 1
    if (type) await through.events.publish({ type: type.name, data: varied(type.sample ?? {}, published) })
  }
  return {
    key: api_key.key,
    publish,
    async traffic(perSecond, signal) {
      while (!signal.aborted) {
        await publish()
        await delay((1000 / perSecond) * (0.5 + Math.random()), undefined, { signal }).catch(() => {})
      }
    },
    close: endpoints.close,
  }
}

const severities = ["LOW", "MEDIUM", "HIGH", "CRITICAL"]

/** The sample with another severity now and then, so that filters have something to do. */
function varied(sample: object, count: number): object {
  return JSON.parse(
    JSON.stringify(sample).replace(/"severity":"[A-Z]+"/, `"severity":"${severities[count % severities.length]}"`),
  )
}

/** What the endpoint at a path answers to its request of that number. */
export function answerOf(path: string, count: number): ReturnType<Temper> {
  const temper = Object.entries(tempers).find(([name]) => path.startsWith(`/${name}/`))?.[1] ?? tempers.steady
  return temper(count)
}

async function openEndpoints(): Promise<{ origin: string; close: () => Promise<void> }> {
  const counts = new Map<string, number>()
  const server: Server = createServer((request, response) => {
    const url = request.url ?? ""
    const count = (counts.get(url) ?? 0) + 1
    counts.set(url, count)
    const { status, afterMs, body } = answerOf(url, count)
    request.resume().on("end", () => {
      setTimeout(() => {
        const type = body.startsWith("<") ? "text/html" : "application/json"
        response.writeHead(status, { "content-type": type }).end(body)
      }, afterMs)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("the demo's endpoints do not listen on TCP")
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/**
 * How close Tocsin comes to the limit: a bare loop that signs and posts to the same receiver, in the same run.
 * Run with --help for the options. Figures worth keeping go into LOG.md.
 */
import { randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"
import { setTimeout as delay } from "node:timers/promises"
import { parseArgs } from "node:util"
import { Tocsin } from "@tocsin/client"
import { type Receiver, type Server, startReceiver, startServer } from "./throughput/children.ts"
import { measureLimit } from "./throughput/limit.ts"
import { publish } from "./throughput/publishing.ts"

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    events: { type: "string", default: "20000" },
    webhooks: { type: "string", default: "100" },
    ordering: { type: "string", default: "none" },
    only: { type: "string" },
    database: { type: "string" },
    prof: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
})
if (values.help) {
  process.stdout.write(
    "node bench/throughput.ts [--rounds 5] [--events 20000] [--webhooks 100] [--ordering none|strict|by_key]\n" +
      "  [--only single|batch] [--database postgres://…] [--prof]\n" +
      "  --database measures on PostgreSQL in place of the embedded store; --prof writes the server's CPU profile into the current directory\n",
  )
  process.exit(0)
}
const rounds = Number(values.rounds)
const events = Number(values.events)
const webhooks = Number(values.webhooks)

const event = JSON.stringify(
  ((): object => {
    const file = new URL(
      "../packages/server/test/fixtures/documents/policycortex-policy.violation.created.json",
      import.meta.url,
    )
    const { type, data } = JSON.parse(readFileSync(file, "utf8")) as { type: string; data: object }
    return { type, data }
  })(),
)

/** Events go to the webhooks in turn: each filters by an environment of its own. */
const eventOf = Array.from({ length: webhooks }, (_, number) => event.replace('"production"', `"env-${number}"`))
const eventFor = (number: number) => eventOf[number % webhooks] ?? event

async function setUp(server: Server, receiver: Receiver): Promise<string> {
  const admin = new Tocsin({ baseUrl: server.address, apiKey: server.adminKey })
  const { api_key } = await admin.workspaces.create({ name: "bench", profile: "policycortex" })
  const tocsin = new Tocsin({ baseUrl: server.address, apiKey: api_key.key })
  for (let number = 0; number < webhooks; number++) {
    await tocsin.webhooks.create({
      url: receiver.url,
      events: ["policy.violation.created"],
      secret: "a-shared-secret",
      ordering: values.ordering as "none",
      filters: { environments: [`env-${number}`] },
    })
  }
  return api_key.key
}

/** Counts deliveries whose attempt is durably recorded: the log is asked, not the receiver. */
async function measure(server: Server, key: string, perRequest: number): Promise<{ rate: number; cpuUs: number }> {
  const before = await settled(server)
  const cpuBefore = server.usage().cpuMs
  const startedMs = performance.now()
  await publish(server.address, key, eventFor, events, perRequest, perRequest === 1 ? 64 : 4)
  while ((await settled(server)) < before + events) await delay(20)
  const seconds = (performance.now() - startedMs) / 1000
  return { rate: events / seconds, cpuUs: ((server.usage().cpuMs - cpuBefore) * 1000) / events }
}

async function settled(server: Server): Promise<number> {
  const text = await (await fetch(`${server.address}/metrics`)).text()
  return Number(/^tocsin_attempt_duration_seconds_count\{outcome="delivered"\} (\d+)/m.exec(text)?.[1] ?? 0)
}

function shown(figures: readonly number[]): string {
  const sorted = [...figures].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
  return [at(0.5), at(0), at(1)].map((figure) => figure.toFixed(figure < 10 ? 3 : 0).padStart(8)).join("")
}

const receiver = await startReceiver()
const onPostgres = values.database !== undefined && {
  TOCSIN_DATABASE_URL: values.database,
  TOCSIN_ENCRYPTION_KEY: randomBytes(32).toString("base64"),
}
const server = await startServer(values.prof ? ["--cpu-prof"] : [], onPostgres || {})
const key = await setUp(server, receiver)
const body = eventFor(0)
const kinds = (
  [
    ["single", 1],
    ["batch", 50],
  ] as const
).filter(([name]) => values.only === undefined || values.only === name)
const limits: number[] = []
const figures = new Map<string, { rates: number[]; ratios: number[]; cpuUs: number[] }>(
  kinds.map(([name]) => [name, { rates: [], ratios: [], cpuUs: [] }]),
)
await measureLimit(receiver.url, body, 5_000, 64)
for (let round = 0; round < rounds; round++) {
  process.stderr.write(`round ${round + 1} of ${rounds}\r`)
  const limit = await measureLimit(receiver.url, body, events, 64)
  limits.push(limit)
  for (const [name, perRequest] of kinds) {
    const { rate, cpuUs } = await measure(server, key, perRequest)
    const kept = figures.get(name)
    kept?.rates.push(rate)
    kept?.ratios.push(rate / limit)
    kept?.cpuUs.push(cpuUs)
  }
}
process.stdout.write(`${"".padEnd(24)}  median     min     max\n${"limit, posts/s".padEnd(24)}${shown(limits)}\n`)
for (const [name, { rates, ratios, cpuUs }] of figures) {
  process.stdout.write(`${`${name}, deliveries/s`.padEnd(24)}${shown(rates)}\n`)
  process.stdout.write(`${`${name}, of the limit`.padEnd(24)}${shown(ratios)}\n`)
  process.stdout.write(`${`${name}, CPU µs each`.padEnd(24)}${shown(cpuUs)}\n`)
}
process.stdout.write(`peak memory ${server.usage().peakMiB} MiB\n`)
await server.stop()
receiver.stop()

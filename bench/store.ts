/**
 * Measures a store through its port, from the main thread, the embedded one unless a database is named: whole lifecycles (accept one event with one
 * delivery, then settle it with a realistic attempt), then the reads beside them.
 *
 * node bench/store.ts [--lifecycles 200000] [--concurrency 400] [--webhooks 20] [--rounds 3]
 *   [--keyed]   each event with an idempotency key of its own
 *   [--database-url postgres://…]   a database that may be filled; a webhook's shard is taken as it comes
 */
import { mkdtempSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { parseArgs } from "node:util"
import { asId, type WebhookId, type WorkspaceId } from "../packages/server/src/domain/ids.ts"
import type { Store } from "../packages/server/src/ports/store.ts"
import { openPostgresStore } from "../packages/server/src/stores/postgres/open-postgres-store.ts"
import { openSqliteStore } from "../packages/server/src/stores/sqlite/open-sqlite-store.ts"
import { type CleaningUp, cleanedUp } from "./load/cleaning-up.ts"
import { acceptedEvent, delivered, unique } from "./load/lifecycle.ts"

const { values } = parseArgs({
  options: {
    lifecycles: { type: "string", default: "200000" },
    concurrency: { type: "string", default: "400" },
    webhooks: { type: "string", default: "20" },
    rounds: { type: "string", default: "3" },
    directory: { type: "string", default: tmpdir() },
    "database-url": { type: "string" },
    keyed: { type: "boolean", default: false },
  },
})
const lifecycles = Number(values.lifecycles)
const concurrency = Number(values.concurrency)

const workspaceId = asId<WorkspaceId>(`ws_${unique()}`)
const webhookIds = Array.from({ length: Number(values.webhooks) }, () => asId<WebhookId>(`wh_${unique()}`))

class Times {
  readonly #ms: number[] = []

  async of<Result>(work: Promise<Result>): Promise<Result> {
    const start = performance.now()
    const result = await work
    this.#ms.push(performance.now() - start)
    return result
  }

  row() {
    const sorted = this.#ms.sort((a, b) => a - b)
    const at = (share: number) => Number((sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(2))
    return { count: sorted.length, "p50 ms": at(0.5), "p99 ms": at(0.99), "max ms": at(1) }
  }
}

async function lifecycle(store: Store, index: number, accepts: Times, settles: Times): Promise<void> {
  const webhookId = webhookIds[index % webhookIds.length] ?? webhookIds[0]
  if (webhookId === undefined) throw new Error("at least one webhook is needed")
  const event = acceptedEvent([webhookId], values.keyed)
  await accepts.of(store.accept({ workspaceId, events: [event] }))
  for (const delivery of event.deliveries)
    await settles.of(store.settle(delivered(workspaceId, event, delivery, index)))
}

/** Keeps `concurrency` lifecycles under way until all are done. @returns lifecycles per second. */
async function run(store: Store, accepts: Times, settles: Times): Promise<{ perSecond: number; cpuMicros: number }> {
  let next = 0
  const start = performance.now()
  const cpu = process.threadCpuUsage()
  const runner = async () => {
    while (next < lifecycles) await lifecycle(store, next++, accepts, settles)
  }
  await Promise.all(Array.from({ length: concurrency }, runner))
  const used = process.threadCpuUsage(cpu)
  return {
    perSecond: Math.round((lifecycles / (performance.now() - start)) * 1000),
    cpuMicros: Number(((used.user + used.system) / lifecycles).toFixed(1)),
  }
}

async function reads(store: Store): Promise<void> {
  const page = { limit: 50, before: null }
  const webhookId = webhookIds[0] ?? asId<WebhookId>("none")
  const nowMs = Date.now()
  const work: Readonly<Record<string, () => Promise<unknown>>> = {
    "deliveries, newest 50": () => store.deliveries(workspaceId, {}, page),
    "deliveries of a webhook": () => store.deliveries(workspaceId, { webhookId }, page),
    "deliveries exhausted (none)": () => store.deliveries(workspaceId, { status: "exhausted" }, page),
    "deliveries pending (none)": () => store.deliveries(workspaceId, { webhookId, status: "pending" }, page),
    "events, newest 50": () => store.events(workspaceId, {}, page),
    "events by text (none)": () => store.events(workspaceId, { text: "no such thing" }, page),
    "stats, 24 h": () => store.stats(workspaceId, webhookId, nowMs - 86_400_000, nowMs, 48),
    "waiting, head of an empty lane": () => store.waiting({ workspaceId, webhookId, read: "head", limit: 100 }),
  }
  const table: Record<string, unknown> = {}
  for (const [name, act] of Object.entries(work)) {
    const times = new Times()
    const untilMs = performance.now() + 1_000
    for (let count = 0; count < 200 && performance.now() < untilMs; count++) await times.of(act())
    table[name] = times.row()
  }
  console.table(table)
}

async function opened(cleaning: CleaningUp): Promise<Store> {
  const url = values["database-url"]
  if (url !== undefined) return openPostgresStore({ url })
  const directory = mkdtempSync(join(values.directory, "tocsin-bench-"))
  cleaning.later(() => rm(directory, { recursive: true }))
  return openSqliteStore({ directory })
}

await cleanedUp(async (cleaning) => {
  const store = await opened(cleaning)
  cleaning.later(() => store.close())
  for (let round = 1; round <= Number(values.rounds); round++) {
    const [accepts, settles] = [new Times(), new Times()]
    const { perSecond, cpuMicros } = await run(store, accepts, settles)
    console.log(
      `round ${round}: ${perSecond} lifecycles/s, ${cpuMicros} µs of main thread each (${lifecycles} lifecycles, ${concurrency} at a time, ${webhookIds.length} webhooks)`,
    )
    console.table({ accept: accepts.row(), settle: settles.row() })
  }
  await reads(store)
})

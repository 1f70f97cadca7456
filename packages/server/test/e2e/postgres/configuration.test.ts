import postgres from "postgres"
import { afterEach, beforeEach, expect, test } from "vitest"
import { asId, type WorkspaceId } from "../../../src/domain/ids.ts"
import type { ChangedConfig } from "../../../src/ports/ownership.ts"
import { Registry } from "../../../src/registry/registry.ts"
import { openPostgresStore, type PostgresStore } from "../../../src/stores/postgres/open-postgres-store.ts"
import { apiKeyOf, eventTypeOf, newWebhookId, Story, webhookOf, workspaceOf } from "../../contracts/store-fixtures.ts"
import { postgresForThisFile } from "../../postgres/postgres-for-this-file.ts"
import { eventually } from "../api-calls.ts"

const server = postgresForThisFile()
let sql: ReturnType<typeof postgres>
let nodes: readonly [PostgresStore, PostgresStore]
/** What the second node is told. */
let heard: (ChangedConfig | null)[]

beforeEach(async () => {
  const url = await server().freshDatabase()
  nodes = [await openPostgresStore({ url }), await openPostgresStore({ url })]
  sql = postgres(url, { max: 1, onnotice: () => {} })
  heard = []
  nodes[1].signals.onConfig((changed) => heard.push(changed ?? null))
})
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.close()))
  await sql.end()
})

const withinMs = 1_000
const heardOf = (count: number) =>
  eventually(
    async () => heard.length,
    (length) => length >= count,
    withinMs,
  )

test("a node is told which records changed elsewhere, and reads those alone", async () => {
  const story = await Story.of(nodes[0])
  const { workspaceId, webhookId } = story
  const [key, type] = [apiKeyOf(workspaceId), eventTypeOf(workspaceId, "own.type", 1)]
  await nodes[0].configure(
    [
      { kind: "apiKey", put: key },
      { kind: "eventType", put: type },
    ],
    [],
  )
  await heardOf(3)
  const read = await Promise.all(heard.map((changed) => changed?.read()))
  const nothing = { workspaces: [], apiKeys: [], webhooks: [], eventTypes: [] }
  expect(read).toEqual([
    { ...nothing, workspaces: [workspaceOf(workspaceId)] },
    { ...nothing, webhooks: [webhookOf(workspaceId, webhookId, 1)] },
    { ...nothing, apiKeys: [key], eventTypes: [type] },
  ])
  await nodes[0].configure([{ kind: "eventTypeDeleted", workspaceId, name: "own.type" }], [])
  await nodes[0].configure([{ kind: "workspaceDeleted", id: workspaceId, atMs: 1 }], [])
  await heardOf(5)
  expect(heard.slice(3).map((changed) => changed?.names)).toEqual([
    [{ kind: "eventType", workspaceId, id: "own.type" }],
    [{ kind: "workspace", workspaceId, id: workspaceId }],
  ])
  expect(await Promise.all(heard.slice(3).map((changed) => changed?.read()))).toEqual([nothing, nothing])
})

test("it is told to read everything after a notification that was lost, or one that could not hold all names", async () => {
  const { workspaceId } = await Story.of(nodes[0])
  await heardOf(2)
  // As if its notification were lost: the poll finds it.
  await sql`UPDATE config_version SET version = version + 1`
  await heardOf(3)
  expect(heard.at(-1)).toBeNull()
  const puts = Array.from({ length: 200 }, () => apiKeyOf(workspaceId))
  await nodes[0].configure(
    puts.map((put) => ({ kind: "apiKey", put }) as const),
    [],
  )
  await heardOf(4)
  expect(heard.at(-1)).toBeNull()
  // What comes before the poll has seen the lost one is not taken for all there is.
  await sql`UPDATE config_version SET version = version + 1`
  await nodes[0].configure([{ kind: "apiKey", put: apiKeyOf(workspaceId) }], [])
  await heardOf(5)
  expect(heard[4]).toBeNull()
  await nodes[0].configure([{ kind: "apiKey", put: apiKeyOf(workspaceId) }], [])
  await heardOf(6)
  expect(heard[5]?.names).toMatchObject([{ kind: "apiKey", workspaceId }])
})

test("among 10,000 webhooks a change is known on the other node at once", { timeout: 120_000 }, async () => {
  const workspaceId = asId<WorkspaceId>("ws_many")
  const sealing = { seal: (clear: string) => clear, open: (sealed: string) => sealed }
  const { sealed: _, ...open } = webhookOf(workspaceId, newWebhookId(), 1)
  const first = { ...open, secrets: { current: "secret", previous: null }, headers: {}, authorization: null, tls: null }
  const here = await Registry.load(nodes[0], sealing)
  await here.change(
    [
      { kind: "workspace", put: workspaceOf(workspaceId) },
      { kind: "webhook", put: first },
    ],
    [],
  )
  // Written one by one, they would take most of a minute.
  await sql`INSERT INTO webhooks SELECT workspace_id, webhook_id || n, 1,
      replace(record, webhook_id, webhook_id || n), sending, deleted FROM webhooks, generate_series(1, 9999) AS n`
  await here.reload()
  const webhooks = here.webhooks(workspaceId)
  expect(webhooks).toHaveLength(10_000)
  const there = await Registry.load(nodes[1], sealing)
  const took: number[] = []
  let known = Promise.withResolvers<void>()
  there.onWebhook(() => known.resolve())
  nodes[1].signals.onConfig((changed) => void (changed ? there.reloadChanged(changed) : there.reload()))
  for (const webhook of webhooks.slice(0, 20)) {
    const startedMs = performance.now()
    known = Promise.withResolvers<void>()
    await here.change([{ kind: "webhook", put: { ...webhook, active: false, version: 2 } }], [])
    await known.promise
    took.push(performance.now() - startedMs)
    expect(there.webhook(workspaceId, webhook.id)).toMatchObject({ active: false })
  }
  const startedMs = performance.now()
  await there.reload()
  const wholeMs = performance.now() - startedMs
  took.sort((a, b) => a - b)
  const figures = `change to knowledge ${took[10]?.toFixed(0)} ms, at most ${took.at(-1)?.toFixed(0)} ms; all anew ${wholeMs.toFixed(0)} ms`
  expect(took.at(-1), figures).toBeLessThan(withinMs)
  expect(took[10], figures).toBeLessThan(wholeMs)
})

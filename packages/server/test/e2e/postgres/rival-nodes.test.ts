import { setTimeout as delay } from "node:timers/promises"
import postgres from "postgres"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { untilStored } from "../../../src/dispatch/until-stored.ts"
import type { DeliveryId, WebhookId } from "../../../src/domain/ids.ts"
import type { Accepted } from "../../../src/ports/store.ts"
import { openPostgresStore, type PostgresStore } from "../../../src/stores/postgres/open-postgres-store.ts"
import { shardCount, shardOf } from "../../../src/stores/postgres/ownership/shard-of.ts"
import { shareOf } from "../../../src/stores/postgres/ownership/shares.ts"
import { systemClock } from "../../../src/system/system-clock.ts"
import {
  failedAttempt,
  minuteMs,
  newAttempt,
  newDeliveryId,
  newEvent,
  newWebhookId,
  past,
  replayOf,
  Story,
  t0,
  webhookOf,
} from "../../contracts/store-fixtures.ts"
import { postgresForThisFile } from "../../postgres/postgres-for-this-file.ts"

const dayMs = 86_400_000

const server = postgresForThisFile()
let url: string
let sql: ReturnType<typeof postgres>
const open: PostgresStore[] = []

beforeEach(async () => {
  url = await server().freshDatabase()
  sql = postgres(url, { max: 1, onnotice: () => {} })
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((store) => store.close()))
  await sql.end()
})

async function openNode(options: { wholeDays?: boolean } = {}): Promise<PostgresStore> {
  const store = await openPostgresStore({ url, ...options })
  open.push(store)
  return store
}

async function eventually(holds: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  for (const untilMs = performance.now() + withinMs; !(await holds()); await delay(20))
    if (performance.now() > untilMs) throw new Error(`not so within ${withinMs} ms: ${holds}`)
}

const owned = (store: PostgresStore, ids: readonly WebhookId[]) => ids.filter((id) => store.ownership.owns(id))
const manyIds = Array.from({ length: 2_000 }, () => newWebhookId())

describe("shards", () => {
  test("ids are spread evenly, and nodes' shares add up to all", () => {
    const counts = Array.from({ length: shardCount }, () => 0)
    for (let index = 0; index < 25_600; index++) {
      const shard = shardOf(newWebhookId())
      counts[shard] = (counts[shard] ?? 0) + 1
    }
    expect(Math.min(...counts)).toBeGreaterThan(50)
    expect(Math.max(...counts)).toBeLessThan(160)
    for (const nodes of [["a"], ["a", "b"], ["c", "a", "b"], ["d", "e", "a", "b", "c"]]) {
      const shares = nodes.map((node) => shareOf(node, nodes))
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(shardCount)
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1)
    }
  })

  test("two nodes share the webhooks, each owned by one; the one that stays takes all", async () => {
    const first = await openNode()
    expect(owned(first, manyIds)).toHaveLength(manyIds.length)
    const second = await openNode()
    await eventually(() => owned(second, manyIds).length > 800 && owned(first, manyIds).length < 1_200)
    await eventually(() => owned(first, manyIds).length + owned(second, manyIds).length === manyIds.length)
    expect(manyIds.filter((id) => first.ownership.owns(id) && second.ownership.owns(id))).toEqual([])
    expect([first, second].filter((store) => store.ownership.leads())).toHaveLength(1)
    await second.close()
    await eventually(() => owned(first, manyIds).length === manyIds.length)
  })

  test("a shard leaves when what is in flight is settled, and not before", async () => {
    const first = await openNode()
    let letGo = () => {}
    const asked = new Promise<void>((resolve) => {
      first.ownership.onLost(() => {
        resolve()
        return new Promise<void>((settled) => {
          letGo = settled
        })
      })
    })
    const story = await Story.of(first)
    const second = await openNode()
    await asked
    const leaving = manyIds.filter((id) => !first.ownership.owns(id))
    expect(leaving.length).toBeGreaterThan(800)
    expect(owned(second, manyIds)).toEqual([])
    const id = await story.delivery()
    // Whether or not this webhook leaves: what was in flight is still written.
    expect(await story.settle(id, { state: "delivered" }, newAttempt(1))).toBe(true)
    letGo()
    await eventually(() => owned(second, leaving).length === leaving.length)
  })

  test("a node whose session is cut owns nothing at once, cannot settle, and comes back", async () => {
    const store = await openNode()
    const story = await Story.of(store)
    const id = await story.delivery()
    let lost = 0
    let gained = 0
    store.ownership.onLost(async () => {
      lost += 1
    })
    store.ownership.onGained(() => {
      gained += 1
    })
    // Another takes the locks as soon as they are free, and holds them.
    const rival = postgres(url, { max: 1, onnotice: () => {} })
    const taking = rival`SELECT count(pg_advisory_lock(${0x70c5_1001}, s)) FROM generate_series(0, 255) s`.execute()
    await eventually(async () => {
      const [row] = await sql`SELECT count(*)::integer AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
      return row?.n === 1
    })
    await sql`SELECT pg_terminate_backend(pid) FROM nodes`
    await taking
    await eventually(() => lost === 1)
    expect(owned(store, manyIds)).toEqual([])
    // Kept until the node is connected again and knows that another has it.
    const settled = untilStored({ clock: systemClock, onFault: () => {} }, "settling", () =>
      story.settle(id, { state: "delivered" }, newAttempt(1)),
    )
    expect(await settled).toBe(false)
    expect(await store.attempts(story.workspaceId, id)).toEqual([])
    expect(await story.stateOf(id)).toMatchObject({ status: "pending" })
    // Anyone accepts, owner or not.
    await story.delivery()

    await rival.end()
    await eventually(() => gained > 0 && store.ownership.owns(story.webhookId))
    expect(await story.settle(id, { state: "delivered" }, newAttempt(1))).toBe(true)
  })

  test("a node that says nothing for longer than its lease is cut off by the others", async () => {
    const first = await openNode()
    const [silent] = await sql`SELECT node_id, pid FROM nodes`
    const rival = postgres(url, { max: 1, onnotice: () => {} })
    // Its beat waits for this row, as a paused node's would not come at all.
    const letBeat = Promise.withResolvers<void>()
    const holding = rival.begin(async (tx) => {
      await tx`SELECT FROM nodes WHERE node_id = ${silent?.node_id ?? ""} FOR UPDATE`
      await letBeat.promise
    })
    const second = await openNode()
    await eventually(async () => {
      const rows = await sql`SELECT 1 FROM pg_stat_activity WHERE pid = ${silent?.pid ?? 0}`
      return rows.length === 0
    })
    expect(owned(first, manyIds)).toEqual([])
    await eventually(() => owned(second, manyIds).length === manyIds.length)
    letBeat.resolve()
    await holding
    await rival.end()
    // Alive after all, it takes its share again.
    await eventually(() => owned(first, manyIds).length + owned(second, manyIds).length === manyIds.length)
    await eventually(() => owned(first, manyIds).length > 800)
  })
})

describe("rival nodes", () => {
  test("numbers rise without a gap over two nodes, and whoever reads finds no number before a smaller one", async () => {
    const nodes = [await openNode(), await openNode()] as const
    const story = await Story.of(nodes[0])
    const { workspaceId, webhookId } = story
    const webhooks = [webhookId, newWebhookId(), newWebhookId()]
    let done = false
    const gaps: string[] = []
    const watching = (async () => {
      while (!done) {
        const rows = await nodes[1].waiting({ workspaceId, webhookId, limit: 1_000, read: "head" })
        for (const [index, row] of rows.entries())
          if (row.sequence !== index + 1) gaps.push(`${row.sequence} at ${index}`)
      }
    })()
    const results = await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        await delay(index % 50)
        // In different orders, so that two transactions would lock each other out if they took rows as they come.
        const to = index % 2 === 0 ? webhooks : [...webhooks].reverse()
        return (nodes[index % 2] ?? nodes[0]).accept({ workspaceId, events: [newEvent({ to })] })
      }),
    )
    done = true
    await watching
    expect(gaps).toEqual([])
    const given = results.flatMap((result, index) => {
      const sequences = (result as Accepted).events[0]?.sequences ?? []
      return sequences[index % 2 === 0 ? 0 : 2] ?? 0
    })
    expect(given.sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
  })

  test("of rivals with one idempotency key on two nodes exactly one is stored, whichever the order of the keys", async () => {
    const nodes = [await openNode(), await openNode()] as const
    const story = await Story.of(nodes[0])
    const { workspaceId, webhookId } = story
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, turn) => {
        const order = turn % 4 < 2 ? keys : [...keys].reverse()
        const events = order.map((key) => newEvent({ idempotency: { key, fingerprint: "f" }, to: [webhookId] }))
        return (nodes[turn % 2] ?? nodes[0]).accept({ workspaceId, events })
      }),
    )
    const events = results.flatMap((result) => (result as Accepted).events)
    expect(events.filter(({ duplicate }) => !duplicate)).toHaveLength(keys.length)
    expect(new Set(events.map(({ id }) => id)).size).toBe(keys.length)
    expect((await story.health()).lastSequence).toBe(keys.length)
    const stored = await nodes[0].events(workspaceId, {}, { limit: 200, before: null })
    expect(new Set(stored.map(({ id }) => id))).toEqual(new Set(events.map(({ id }) => id)))
  })

  test("a conflict gives its other keys back, to the next event of the same batch or to nobody", async () => {
    const store = await openNode()
    const story = await Story.of(store)
    const key = (name: string, fingerprint = "f") => ({ idempotency: { key: name, fingerprint } })
    await story.accept(newEvent(key("taken")))
    const heir = newEvent(key("a"))
    const [refused, inherited] = await Promise.all([
      story.accept(newEvent(key("a")), newEvent(key("b")), newEvent(key("taken", "other"))),
      story.accept(heir),
    ])
    expect(refused).toEqual({ outcome: "conflict", index: 2 })
    expect(inherited).toMatchObject({ events: [{ id: heir.id, duplicate: false }] })
    expect(await story.accept(newEvent(key("a")))).toMatchObject({ events: [{ id: heir.id, duplicate: true }] })
    expect(await story.accept(newEvent(key("b")))).toMatchObject({ events: [{ duplicate: false }] })
  })

  test("of rivals for one record on two nodes one wins", async () => {
    const nodes = [await openNode(), await openNode()] as const
    const { workspaceId, webhookId } = await Story.of(nodes[0])
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => {
        const put = webhookOf(workspaceId, webhookId, 2, { description: `${index}` })
        return (nodes[index % 2] ?? nodes[0]).configure([{ kind: "webhook", put }], [])
      }),
    )
    expect(outcomes.filter((outcome) => outcome === "done")).toHaveLength(1)
  })

  test("a replay's step made twice, as by two nodes while a shard changes hands, counts once", async () => {
    const nodes = [await openNode(), await openNode()] as const
    const story = await Story.of(nodes[0])
    const { workspaceId, webhookId } = story
    const event = newEvent()
    await story.accept(event)
    const replay = replayOf(workspaceId, webhookId)
    await nodes[0].putReplay(replay)
    const step = () => ({
      workspaceId,
      webhookId,
      nowMs: t0,
      deliveries: [{ id: newDeliveryId(), eventId: event.id, laneKey: "" }],
      replay: { ...replay, examined: 1, enqueued: 1, afterId: event.id },
      examinedBefore: 0,
    })
    const results = await Promise.all([nodes[0].enqueue(step()), nodes[1].enqueue(step())])
    expect(results.filter((result) => result !== null)).toEqual([[1]])
  })
})

describe("what one node does, the others hear", () => {
  test("a changed configuration, and work for webhooks they own", async () => {
    const nodes = [await openNode(), await openNode()] as const
    await eventually(() => owned(nodes[1], manyIds).length > 800)
    await eventually(() => owned(nodes[0], manyIds).length < 1_200)
    const theirs = owned(nodes[1], manyIds)[0] ?? newWebhookId()
    let configs = 0
    const heard: string[] = []
    nodes[1].signals.onConfig(() => {
      configs += 1
    })
    nodes[1].signals.onWork(({ webhookId, what }) => void heard.push(`${webhookId} ${what}`))
    const story = await Story.of(nodes[0])
    await eventually(() => configs > 0, 1_000)
    const event = newEvent({ to: [theirs] })
    await story.accept(event)
    await eventually(() => heard.includes(`${theirs} new`), 1_000)
    await nodes[0].reopen(story.workspaceId, event.deliveries[0]?.id ?? newDeliveryId(), t0 + 1)
    await eventually(() => heard.includes(`${theirs} again`), 1_000)
  })

  test("a notification that is lost is made good by the poll", async () => {
    const nodes = [await openNode(), await openNode()] as const
    await eventually(() => owned(nodes[1], manyIds).length > 800)
    await eventually(() => owned(nodes[0], manyIds).length < 1_200)
    const theirs = owned(nodes[1], manyIds)[0] ?? newWebhookId()
    const story = await Story.of(nodes[0])
    const heard: string[] = []
    nodes[1].signals.onWork(({ webhookId }) => void heard.push(webhookId))
    // As if another program's transaction had stored it: nobody notifies.
    const { workspaceId } = story
    const event = newEvent({ to: [story.webhookId] })
    await story.accept(event)
    await sql`UPDATE deliveries SET webhook_id = ${theirs}`
    await sql`UPDATE webhook_sequences SET webhook_id = ${theirs}`
    await eventually(() => heard.includes(theirs), 4_000)
    expect(await nodes[1].waiting({ workspaceId, webhookId: theirs, limit: 9, read: "head" })).toHaveLength(1)
  })
})

test("settling and filling lanes read a few rows a delivery, in a partition that was empty when their plans were made", async () => {
  const store = await openNode()
  const story = await Story.of(store)
  const { workspaceId, webhookId } = story
  const count = 2_000
  const rowsRead = async () => {
    const [row] = await sql`
      SELECT sum(coalesce(idx_tup_fetch, 0) + seq_tup_read)::float8 AS n FROM pg_stat_user_tables
      WHERE relname LIKE 'deliveries_2%' OR relname LIKE 'events_2%'`
    return Number(row?.n)
  }
  // Plans are made while there is next to nothing, on each of the connections that fill lanes.
  const reads = ["head", "fresh", "retries", "key", "keyHeads"] as const
  const fill = async (limit: number) => {
    for (const read of reads)
      await Promise.all(
        Array.from({ length: 8 }, () =>
          store.waiting({
            workspaceId,
            webhookId,
            limit,
            read,
            afterSequence: 0,
            byMs: t0 + dayMs,
            laneKey: "",
            afterKey: null,
          }),
        ),
      )
  }
  await fill(1)
  await story.settle(await story.delivery(), { state: "delivered" }, newAttempt(1))
  const ids = await Promise.all(Array.from({ length: count }, () => story.delivery()))
  // In small batches, as when receivers answer one by one: what a batch reads beside its own rows then tells.
  for (let first = 0; first < count; first += 20)
    await Promise.all(ids.slice(first, first + 20).map((id) => story.settle(id, { state: "delivered" }, newAttempt(1))))
  const waits = await Promise.all(Array.from({ length: 20 }, () => story.delivery()))
  await Promise.all(waits.slice(10).map((id) => store.reopen(workspaceId, id, t0)))
  for (let times = 0; times < 10; times++) await fill(10)
  // Sessions report what they read when they end, at the latest.
  await store.close()
  await eventually(async () => (await rowsRead()) > count)
  await delay(500)
  expect((await rowsRead()) / count).toBeLessThan(20)
})

test("what is relayed reaches the other nodes, not the sender, in order, and nothing longer than a notification", async () => {
  const nodes = [await openNode(), await openNode()] as const
  const heard: string[] = []
  const own: string[] = []
  nodes[0].relay.onMessage((message) => own.push(message))
  nodes[1].relay.onMessage((message) => heard.push(message))
  const messages = Array.from({ length: 100 }, (_, index) => JSON.stringify({ index, pad: "é".repeat(300) }))
  nodes[0].relay.publish("x".repeat(9_000))
  for (const message of messages) nodes[0].relay.publish(message)
  await eventually(() => heard.length >= messages.length)
  expect(heard).toEqual(messages)
  expect(own).toEqual([])
})

describe("retention by partitions", () => {
  const tables = async () =>
    (
      await sql`SELECT relname::text AS name FROM pg_class WHERE relkind = 'r' AND relname LIKE 'deliveries_2%' ORDER BY 1`
    ).map(({ name }) => String(name))
  async function forgetAll(store: PostgresStore, beforeMs: number): Promise<void> {
    for (let steps = 0; await store.forget(past(beforeMs), 500); steps++) if (steps > 1_000) throw new Error("endless")
  }

  test("a day goes whole when all in it is over, and not before its last millisecond is past", async () => {
    const store = await openNode({ wholeDays: true })
    const story = await Story.of(store)
    const ids: DeliveryId[] = []
    for (let index = 0; index < 5; index++) ids.push(await story.delivery({ acceptedMs: t0 + index * minuteMs }))
    for (const id of ids) await story.settle(id, { state: "delivered" }, newAttempt(1))
    expect(await tables()).toContain("deliveries_20260106")
    const midnight = Date.UTC(2026, 0, 7)
    await forgetAll(store, midnight - 1)
    expect(await story.stateOf(ids[0] ?? newDeliveryId())).toMatchObject({ status: "delivered" })
    await forgetAll(store, midnight)
    expect(await tables()).not.toContain("deliveries_20260106")
    expect(await store.delivery(story.workspaceId, ids[0] ?? newDeliveryId())).toBeNull()
    // A write to that day, however late, has its partition made again.
    expect(await story.stateOf(await story.delivery())).toMatchObject({ sequence: 6 })
  })

  test("what still waits, ended late, or is an old event sent again stays, with its attempts and bodies", async () => {
    const store = await openNode({ wholeDays: true })
    const story = await Story.of(store)
    const { workspaceId, webhookId } = story
    const over: DeliveryId[] = []
    for (let index = 0; index < 20; index++) over.push(await story.delivery())
    for (const id of over) await story.settle(id, { state: "delivered" }, newAttempt(1))
    const waits = await story.delivery({ body: '{"waits":1}', idempotency: { key: "w", fingerprint: "f" } })
    await story.settle(waits, { state: "waiting", dueMs: t0 + 9 }, failedAttempt(1))
    const late = await story.delivery()
    await story.settle(late, { state: "delivered" }, newAttempt(1), t0 + 40 * dayMs)
    const replayed = newEvent({ body: '{"replayed":1}' })
    await story.accept(replayed)
    const replay = replayOf(workspaceId, webhookId)
    await store.putReplay(replay)
    const again = newDeliveryId(t0 + 5 * dayMs)
    await store.enqueue({
      workspaceId,
      webhookId,
      nowMs: t0 + 5 * dayMs,
      deliveries: [{ id: again, eventId: replayed.id, laneKey: "" }],
      replay: { ...replay, examined: 1, afterId: replayed.id },
      examinedBefore: 0,
    })
    await forgetAll(store, t0 + 30 * dayMs)
    for (const id of over) expect(await store.delivery(workspaceId, id)).toBeNull()
    expect(await store.attempts(workspaceId, over[0] ?? waits)).toEqual([])
    expect(await story.stateOf(waits)).toMatchObject({ status: "retrying" })
    expect(await story.stateOf(late)).toMatchObject({ status: "delivered" })
    expect(await store.attempts(workspaceId, waits)).toHaveLength(1)
    const lane = await store.waiting({ workspaceId, webhookId, limit: 9, read: "head" })
    expect(lane.map(({ id, body }) => [id, body])).toEqual([
      [waits, '{"waits":1}'],
      [again, '{"replayed":1}'],
    ])
    expect(await store.events(workspaceId, {}, { limit: 99, before: null })).toHaveLength(3)
    expect(await story.accept(newEvent({ idempotency: { key: "w", fingerprint: "f" } }))).toMatchObject({
      events: [{ duplicate: true }],
    })
    // Its indexes came along: it settles and goes like any other.
    for (const id of [waits, again]) await story.settle(id, { state: "delivered" }, newAttempt(2))
    await forgetAll(store, t0 + 60 * dayMs)
    expect(await tables()).not.toContain("deliveries_20260106")
    expect(await store.events(workspaceId, {}, { limit: 99, before: null })).toEqual([])
  })
})

describe("the schema", () => {
  test("nodes that start together on an empty database migrate it once", async () => {
    const nodes = await Promise.all([openNode(), openNode(), openNode()])
    for (const node of nodes) expect(await node.ready()).toBeNull()
    expect(await sql`SELECT version FROM schema_version`).toHaveLength(1)
  })

  test("a newer one is refused in one line", async () => {
    await (await openNode()).close()
    await sql`UPDATE schema_version SET version = 99`
    await expect(openPostgresStore({ url })).rejects.toThrow(
      /^The database has schema 99 .* knows schemas up to \d+\..*$/,
    )
  })

  test("a database that cannot be reached is said in one line that names the setting", async () => {
    await expect(openPostgresStore({ url: "postgres://tocsin@127.0.0.1:1/none" })).rejects.toThrow(
      /^TOCSIN_DATABASE_URL: the database cannot be used: .*ECONNREFUSED.*$/,
    )
  })

  test("every table but the instance's own few leads with the workspace's id", async () => {
    await openNode()
    const rows = await sql`
      SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = 1
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname <> 'workspace_id'`
    expect(rows.map(({ name }) => String(name)).sort()).toEqual([
      "config_version",
      "instance",
      "nodes",
      "rate_limits",
      "schema_version",
    ])
  })
})

test("while the database is away it is unavailable and says so; then it goes on by itself", async () => {
  const store = await openNode()
  const story = await Story.of(store)
  await sql.end()
  await server().halt("order")
  try {
    await expect(story.accept(newEvent())).rejects.toMatchObject({ name: "StoreUnavailable", retryAfterSeconds: 1 })
    await expect(store.events(story.workspaceId, {}, { limit: 1, before: null })).rejects.toMatchObject({
      name: "StoreUnavailable",
    })
    await expect(store.configure([], [])).rejects.toMatchObject({ name: "StoreUnavailable" })
    expect(await store.ready()).toMatch(/ECONNREFUSED/)
    expect(owned(store, manyIds)).toEqual([])
  } finally {
    await server().start()
  }
  await eventually(async () => (await store.ready()) === null)
  await eventually(() => store.ownership.owns(story.webhookId))
  const id = await story.delivery()
  expect(await story.settle(id, { state: "delivered" }, newAttempt(1))).toBe(true)
})

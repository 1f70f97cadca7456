import { describe, expect, it } from "vitest"
import { backlogMeter } from "../../src/dispatch/measuring-backlog.ts"
import { noMetrics } from "../../src/ports/metrics.ts"
import { StoreUnavailable } from "../../src/ports/store.ts"
import { prometheus } from "../../src/system/prometheus.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"
import { runApi, violationEvent } from "../api/running-api.ts"
import { World } from "../simulation/world.ts"

const gauges = {
  inFlight: () => 3,
  shards: () => ({ owned: 128, of: 256 }),
  webhooks: () => ({ active: 4, inactive: 1, unverified: 0, disabled: 2 }),
  replaysRunning: () => 1,
  backlog: async () => ({
    sending: { deliveries: 7, oldestAgeMs: 1_500 },
    held: { deliveries: 2, oldestAgeMs: 90_000 },
  }),
}

const lines = async ({ text }: { text(): Promise<string> }) => (await text()).split("\n")

describe("the figures for Prometheus", () => {
  it("tell what was counted, by short lists of labels", async () => {
    const figures = prometheus("1.2.3")
    figures.watch(gauges)
    figures.metrics.accepted(3, 5)
    figures.metrics.refused("data_invalid", 2)
    figures.metrics.attempted("timeout", 30_000)
    figures.metrics.delivered(250)
    figures.metrics.ended("delivered", 4)
    figures.metrics.replayed(200, 12)
    figures.metrics.forgot("more")
    figures.onCommit("all", 64, 4)
    figures.onRequest("GET", "/v1/webhooks/:id", 200, 3)
    figures.onRequest("GET", "/v1/webhooks/:id", 200, 7)
    expect(await lines(figures)).toEqual(
      expect.arrayContaining([
        'tocsin_build_info{version="1.2.3"} 1',
        "tocsin_events_accepted_total 3",
        "tocsin_deliveries_created_total 5",
        'tocsin_events_refused_total{reason="data_invalid"} 2',
        'tocsin_events_refused_total{reason="store_unavailable"} 0',
        'tocsin_attempt_duration_seconds_count{outcome="timeout"} 1',
        'tocsin_delivery_latency_seconds_bucket{le="0.5"} 1',
        'tocsin_deliveries_ended_total{state="delivered"} 4',
        'tocsin_deliveries_ended_total{state="exhausted"} 0',
        "tocsin_replay_events_examined_total 200",
        "tocsin_replay_deliveries_created_total 12",
        'tocsin_retention_steps_total{outcome="more"} 1',
        'tocsin_commit_operations_bucket{le="100",kind="all"} 1',
        'tocsin_commit_duration_seconds_sum{kind="all"} 0.004',
        'tocsin_http_requests_total{method="GET",route="/v1/webhooks/:id",status="200"} 2',
        'tocsin_http_request_duration_seconds_sum{method="GET",route="/v1/webhooks/:id"} 0.01',
        "tocsin_attempts_in_flight 3",
        "tocsin_shards_owned 128",
        "tocsin_shards 256",
        'tocsin_webhooks{status="disabled"} 2',
        "tocsin_replays_running 1",
        'tocsin_backlog_deliveries{webhooks="sending"} 7',
        'tocsin_backlog_oldest_age_seconds{webhooks="held"} 90',
      ]),
    )
  })

  it("leave the backlog out while the store does not tell it, and tell it again after", async () => {
    const figures = prometheus("1.2.3")
    let away = false
    figures.watch({ ...gauges, backlog: async () => (away ? null : gauges.backlog()) })
    const backlog = async () => (await lines(figures)).filter((line) => /^tocsin_backlog/.test(line))
    expect(await backlog()).toHaveLength(4)
    away = true
    expect(await backlog()).toEqual([])
    away = false
    expect(await backlog()).toHaveLength(4)
  })

  it("count requests by the route, never by what a client chose", async () => {
    const seen: string[] = []
    const { call, workspaceKey } = await runApi({
      onRequest: (method, route, status) => seen.push(`${method} ${route} ${status}`),
    })
    const key = await workspaceKey()
    await call("GET", "/v1/webhooks/wh_nobody?x=1", { key })
    await call("GET", "/etc/passwd")
    await call("DELETE", "/v1/no-such-thing/7", { key })
    await call("GET", "/v1/events")
    expect(seen.slice(1)).toEqual([
      "GET /v1/webhooks/:id 422",
      "any unknown 404",
      "any unknown 404",
      "GET /v1/events 401",
    ])
  })
})

describe("intake", () => {
  it("counts the events that it did not store, by the first reason", async () => {
    const refused: string[] = []
    const metrics = { ...noMetrics, refused: (reason: string, events: number) => refused.push(`${reason} ${events}`) }
    let away = false
    const { call, workspaceKey } = await runApi({
      metrics,
      wrapStore: (store) => ({
        ...store,
        accept: (acceptance) =>
          away ? Promise.reject(new StoreUnavailable("The disk is full.")) : store.accept(acceptance),
      }),
    })
    const key = await workspaceKey()
    const publish = (body: unknown) => call("POST", "/v1/events", { key, body })
    await publish({ ...violationEvent, type: "no.such.type" })
    await publish({ ...violationEvent, data: {} })
    await publish({ ...violationEvent, idempotency_key: "k" })
    await publish({ ...violationEvent, idempotency_key: "k", ordering_key: "another" })
    await call("POST", "/v1/events/batch", {
      key,
      body: { events: [violationEvent, violationEvent, { ...violationEvent, data: {} }] },
    })
    away = true
    await publish(violationEvent)
    expect(refused).toEqual([
      "unknown_event_type 1",
      "data_invalid 1",
      "idempotency_conflict 1",
      "data_invalid 3",
      "store_unavailable 1",
    ])
  })
})

describe("the backlog", () => {
  it("is what waits for webhooks that are sent to, and for those that are not, with the age of the oldest", async () => {
    const world = await World.open()
    const failing = await world.webhook()
    const paused = await world.webhook({ active: false })
    world.sender.answer(() => ({ status: 503 }))
    await world.publish()
    await world.clock.advance(60_000)
    await world.publish()
    await world.clock.advance(1_000)
    expect(await world.engine.gauges.backlog()).toEqual({
      sending: { deliveries: 2, oldestAgeMs: 61_000 },
      held: { deliveries: 2, oldestAgeMs: 61_000 },
    })
    expect(world.engine.gauges.webhooks()).toEqual({ active: 1, inactive: 1, unverified: 0, disabled: 0 })
    await world.edit(paused.id, { deletedMs: world.clock.now() })
    await world.edit(failing.id, { active: false })
    await world.clock.advance(10_000)
    expect(await world.engine.gauges.backlog()).toMatchObject({ sending: { deliveries: 0, oldestAgeMs: 0 } })
    expect(await world.engine.gauges.backlog()).toMatchObject({ held: { deliveries: 2 } })
  })

  it("is measured every few seconds however many ask, more seldom where it takes long, never twice at once", async () => {
    const clock = new VirtualClock()
    let measured = 0
    let tookMs = 10
    const ask = backlogMeter({
      clock,
      ownership: { owns: () => true },
      registry: { webhook: () => undefined },
      store: {
        waitingSince: () => {
          measured += 1
          return new Promise((resolve) => clock.after(tookMs, () => resolve([])))
        },
      },
    })
    const asked = async () => {
      void ask()
      void ask()
      await clock.advance(tookMs)
      await ask()
      return measured
    }
    expect(await asked()).toBe(1)
    await clock.advance(4_900)
    expect(await asked()).toBe(1)
    tookMs = 1_000
    await clock.advance(100)
    expect(await asked()).toBe(2)
    await clock.advance(17_000)
    expect(await asked()).toBe(2)
    await clock.advance(2_000)
    expect(await asked()).toBe(3)
  })
})

import { describe, expect, it } from "vitest"
import { answered, list, object, runApi, text, violationEvent } from "./running-api.ts"

describe("the overview", () => {
  it("counts the last hour and names the webhooks in trouble, the worst first", async () => {
    const { call, workspaceKey, webhook, receivers, clock } = await runApi()
    const key = await workspaceKey()
    const good = await webhook(key, { url: "https://good.example/hook", ordering: "none" })
    const bad = await webhook(key, { url: "https://bad.example/hook", ordering: "none" })
    const gone = await webhook(key, { url: "https://gone.example/hook", ordering: "none" })
    receivers.answer = ({ url }) => answered(url.includes("good") ? 200 : url.includes("gone") ? 410 : 500)
    for (let event = 0; event < 3; event++) await call("POST", "/v1/events", { key, body: violationEvent })
    await clock.advance(3_000)

    const { json, status } = await call("GET", "/v1/overview", { key })
    expect(status).toBe(200)
    expect(json).toMatchObject({ accepted: 3, webhooks: { active: 2, disabled: 1 } })
    expect(json.delivered).toBe(3)
    expect(json.failed).toBeGreaterThanOrEqual(4)
    const series = list({ ...(await call("GET", "/v1/overview", { key })), json: { data: json.series } })
    expect(series).toHaveLength(60)
    expect(series.reduce((sum, each) => sum + Number(each.delivered), 0)).toBe(3)
    expect(series.reduce((sum, each) => sum + Number(each.accepted), 0)).toBe(3)
    // Of several webhooks' attempts together, in the minute in which they were made and of the hour.
    expect(json.latency_ms).toEqual({ p50: 11.3, p95: 11.3, p99: 11.3 })
    for (const { delivered, failed, latency_ms } of series)
      expect(latency_ms).toEqual(Number(delivered) + Number(failed) > 0 ? json.latency_ms : null)
    const troubled = json.troubled
    expect(troubled).toMatchObject([
      { id: gone.id, because: "disabled", disabled_reason: "gone" },
      { id: bad.id, because: "failing" },
    ])
    expect(JSON.stringify(troubled)).not.toContain(good.id)
  })
})

describe("an event's matches", () => {
  it("say of each webhook whether it got the event, and why not", async () => {
    const { call, workspaceKey, webhook, clock } = await runApi()
    const key = await workspaceKey()
    const sent = await webhook(key, {})
    const type = await webhook(key, { events: ["scan.*"] })
    const filtered = await webhook(key, { filters: { severity: ["low"] } })
    const changed = await webhook(key, { filters: { environments: ["staging"] } })
    const { json: event } = await call("POST", "/v1/events", { key, body: violationEvent })
    await clock.advance(1_000)
    await call("PUT", `/v1/webhooks/${changed.id}`, { key, body: { filters: null } })
    const later = await webhook(key, {})

    const answer = await call("GET", `/v1/events/${text(event.id)}/matches`, { key })
    const byId = new Map(list(answer).map((each) => [each.webhook_id, each]))
    expect(byId.size).toBe(5)
    expect(byId.get(sent.id)).toMatchObject({ outcome: "sent", deliveries: [{ status: "delivered" }] })
    expect(byId.get(type.id)).toMatchObject({ outcome: "event_type", wanted: ["scan.*"], deliveries: [] })
    expect(byId.get(filtered.id)).toMatchObject({
      outcome: "filter",
      criterion: "severity",
      value: "HIGH",
      wanted: ["low"],
    })
    expect(byId.get(changed.id)).toMatchObject({ outcome: "changed_since" })
    expect(byId.get(later.id)).toMatchObject({ outcome: "created_later" })
  })

  it("show URLs, in which people put credentials, only to a key that may read webhooks", async () => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    const { id, url } = await webhook(key, {})
    const { json: event } = await call("POST", "/v1/events", { key, body: violationEvent })
    const reading = { name: "events alone", scopes: ["events:read"] }
    const reader = text((await call("POST", "/v1/api-keys", { key, body: reading })).json.key)
    const seenBy = (each: string) => call("GET", `/v1/events/${text(event.id)}/matches`, { key: each })
    expect(list(await seenBy(key))).toMatchObject([{ webhook_id: id, url }])
    expect(list(await seenBy(reader))).toMatchObject([{ webhook_id: id, url: null, outcome: "sent" }])
  })
})

describe("a webhook's latest attempts", () => {
  it("come in the order of time, with how long each took", async () => {
    const { call, workspaceKey, webhook, receivers, clock } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    const statuses = [503, 200, 200]
    receivers.answer = () => answered(statuses.shift() ?? 200)
    await call("POST", "/v1/events", { key, body: violationEvent })
    await call("POST", "/v1/events", { key, body: violationEvent })
    await clock.advance(10_000)
    const attempts = list(await call("GET", `/v1/webhooks/${text(id)}/attempts`, { key }))
    expect(attempts.map(({ status_code, number }) => [status_code, number])).toEqual([
      [503, 1],
      [200, 2],
      [200, 1],
    ])
    expect(object(attempts[0])).toMatchObject({ duration_ms: 12, error_code: "non_2xx", status: "delivered" })
    const few = list(await call("GET", `/v1/webhooks/${text(id)}/attempts?deliveries=1`, { key }))
    expect(few).toHaveLength(1)
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { documented, list, object, runApi, sharedApi, text, violation, violationEvent } from "./running-api.ts"

describe("publishing an event", () => {
  it("answers 202 with how many deliveries it made, once it can be read", async () => {
    const { call, workspaceKey, webhook, clock } = await runApi()
    const key = await workspaceKey()
    await webhook(key)
    await webhook(key, { events: ["scan.*"] })
    const answer = await call("POST", "/v1/events", { key, body: violationEvent })
    const created = new Date(clock.now()).toISOString()
    expect(answer).toMatchObject({
      status: 202,
      json: { type: "policy.violation.created", created, duplicate: false, deliveries: 1 },
    })
    expect(answer.json.id).toMatch(/^evt_[0-9a-f]{16,}$/)
    const shown = await call("GET", `/v1/events/${answer.json.id}`, { key })
    expect(shown.json).toMatchObject({
      id: answer.json.id,
      created,
      accepted: created,
      deliveries: 1,
      ordering_key: "arn:aws:s3:::my-bucket",
      idempotency_key: null,
      attributes: { severity: "HIGH", environment: "production", cloud_provider: "aws" },
      data: violation,
      metadata: null,
    })
  })

  it("carries data to the receiver, and shows it, as it was written", async () => {
    const { call, workspaceKey, webhook, receivers, clock } = await runApi()
    const key = await workspaceKey("standard")
    await call("POST", "/v1/event-types", { key, body: { name: "a.b" } })
    await webhook(key)
    const data = '{ "b":12345678901234567890, "a" : 1.0,"2":1e3, "1":"\\u00e9\\/" ,"n":{"data":{}} }'
    const answer = await call("POST", "/v1/events", {
      key,
      raw: `{"metadata":{"z":1.00}, "data" :${data} , "type":"a.b"}`,
    })
    expect(answer.status).toBe(202)
    await clock.advance(1_000)
    expect(receivers.requests[0]?.body).toContain(data)
    const shown = await call("GET", `/v1/events/${answer.json.id}`, { key })
    expect(shown.text).toContain(`"data":${data}`)
    expect(shown.text).toContain('"metadata":{"z":1.00}')
    expect(shown.json.payload).toBe(receivers.requests[0]?.body)
  })

  it("keeps any data whatever", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey("standard")
    await call("POST", "/v1/event-types", { key, body: { name: "a.b" } })
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), async (value) => {
        const data = JSON.stringify(value)
        const answer = await call("POST", "/v1/events", { key, raw: `{"type":"a.b","data":${data}}` })
        expect(answer.status).toBe(202)
        const shown = await call("GET", `/v1/events/${answer.json.id}`, { key })
        expect(shown.text).toContain(`"data":${data}`)
      }),
      { numRuns: 100 },
    )
  })

  it("takes what the publisher says of time, order, attributes and metadata", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const body = {
      ...violationEvent,
      created: "2024-01-15T15:30:00.5+01:00",
      ordering_key: "bucket",
      attributes: { severity: "LOW", environment: null },
      metadata: { trace: "t1" },
      idempotency_key: "k1",
    }
    const answer = await call("POST", "/v1/events", { key, body })
    expect(answer.json.created).toBe("2024-01-15T14:30:00.500Z")
    const shown = await call("GET", `/v1/events/${answer.json.id}`, { key })
    expect(shown.json).toMatchObject({
      ordering_key: "bucket",
      idempotency_key: "k1",
      attributes: { severity: "LOW", environment: null, cloud_provider: "aws" },
      metadata: { trace: "t1" },
    })
  })

  describe("refuses", () => {
    const shared = sharedApi()
    const { violation: inner } = violation as { violation: Record<string, unknown> }
    it.each([
      ["no type", { type: undefined }, ["/type"], "validation_failed"],
      ["an unknown type", { type: "no.such" }, ["/type"], "unknown_event_type"],
      ["no data", { data: undefined }, ["/data"], "validation_failed"],
      ["data that is no object", { data: [1] }, ["/data"], "validation_failed"],
      ["data without its core", { data: {} }, ["/data/violation"], "data_invalid"],
      [
        "data of another type",
        { data: { violation: { ...inner, severity: 5 } } },
        ["/data/violation/severity"],
        "data_invalid",
      ],
      ["a time that is none", { created: "yesterday" }, ["/created"], "validation_failed"],
      ["a leap second", { created: "2016-12-31T23:59:60Z" }, ["/created"], "validation_failed"],
      ["an empty key", { idempotency_key: "" }, ["/idempotency_key"], "validation_failed"],
      ["a long key", { idempotency_key: "x".repeat(257) }, ["/idempotency_key"], "validation_failed"],
      ["a key of Tocsin's own", { idempotency_key: "tocsin:k" }, ["/idempotency_key"], "validation_failed"],
      ["a NUL in a key", { ordering_key: "a\u0000" }, ["/ordering_key"], "validation_failed"],
      ["an unknown attribute", { attributes: { region: "eu" } }, ["/attributes/region"], "validation_failed"],
      ["metadata that is no object", { metadata: "x" }, ["/metadata"], "validation_failed"],
      [
        "a time that cannot be written in UTC",
        { created: "9999-12-31T23:59:59-12:00" },
        ["/created"],
        "validation_failed",
      ],
      ["an unknown field", { priority: 1 }, ["/priority"], "validation_failed"],
    ])("%s, and keeps nothing", async (_name, change, pointers, code) => {
      const { call, workspaceKey } = shared()
      const key = await workspaceKey()
      const answer = await call("POST", "/v1/events", { key, body: { ...violationEvent, ...change } })
      expect(answer).toMatchObject({ status: 422, pointers, json: { code } })
      expect(list(await call("GET", "/v1/events", { key }))).toEqual([])
    })
  })
})

describe("an idempotency key", () => {
  it("makes a repetition answer 200 with the first event, by header as by field", async () => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    await webhook(key)
    const first = await call("POST", "/v1/events", { key, body: { ...violationEvent, idempotency_key: "k" } })
    const headers = { "idempotency-key": "k" }
    const again = await call("POST", "/v1/events", { key, body: violationEvent, headers })
    expect(again).toMatchObject({ status: 200, json: { ...first.json, duplicate: true } })
    const both = await call("POST", "/v1/events", { key, body: { ...violationEvent, idempotency_key: "k" }, headers })
    expect(both.status).toBe(200)
    expect(list(await call("GET", "/v1/events", { key }))).toHaveLength(1)
    expect(list(await call("GET", "/v1/deliveries", { key }))).toHaveLength(1)
  })

  it("refuses another content under the same key, and two different keys at once", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const headers = { "idempotency-key": "k" }
    await call("POST", "/v1/events", { key, body: violationEvent, headers })
    const other = await call("POST", "/v1/events", { key, body: { ...violationEvent, ordering_key: "x" }, headers })
    expect(other).toMatchObject({ status: 409, json: { code: "idempotency_conflict" }, pointers: ["/idempotency_key"] })
    const two = await call("POST", "/v1/events", { key, body: { ...violationEvent, idempotency_key: "j" }, headers })
    expect(two).toMatchObject({ status: 422, pointers: ["/idempotency_key"] })
    for (const refused of ["x".repeat(257), "tocsin:webhook.disabled:wh_1:2"]) {
      const answer = await call("POST", "/v1/events", {
        key,
        body: violationEvent,
        headers: { "idempotency-key": refused },
      })
      expect(answer).toMatchObject({ status: 422, pointers: ["/idempotency_key"] })
    }
    expect(list(await call("GET", "/v1/events", { key }))).toHaveLength(1)
  })

  it("is UTF-8 in the header as in the body, and is given once", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const inHeader = (bytes: Buffer) =>
      call("POST", "/v1/events", {
        key,
        body: violationEvent,
        headers: { "idempotency-key": bytes.toString("latin1") },
      })
    const first = await inHeader(Buffer.from("ключ"))
    expect(first.status).toBe(202)
    const again = await call("POST", "/v1/events", { key, body: { ...violationEvent, idempotency_key: "ключ" } })
    expect(again).toMatchObject({ status: 200, json: { id: first.json.id } })
    expect(await inHeader(Buffer.from([0xff, 0xfe]))).toMatchObject({ status: 422, pointers: ["/idempotency_key"] })
    const twice = { "idempotency-key": ["a", "b"] as unknown as string }
    expect(await call("POST", "/v1/events", { key, body: violationEvent, headers: twice })).toMatchObject({
      status: 422,
      pointers: ["/idempotency_key"],
    })
  })

  it("stands for the event whatever has become of the catalogue since", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey("standard")
    await call("POST", "/v1/event-types", { key, body: { name: "a.b" } })
    await call("POST", "/v1/event-types", { key, body: { name: "c.d" } })
    const body = { type: "a.b", data: {}, idempotency_key: "k" }
    const first = await call("POST", "/v1/events", { key, body })
    expect(first.status).toBe(202)
    await call("PUT", "/v1/event-types/a.b", { key, body: { schema: { type: "object", required: ["n"] } } })
    const again = { status: 200, json: { ...first.json, duplicate: true } }
    expect(await call("POST", "/v1/events", { key, body })).toMatchObject(again)
    await call("DELETE", "/v1/event-types/a.b", { key })
    expect(await call("POST", "/v1/events", { key, body })).toMatchObject(again)

    const altered = await call("POST", "/v1/events", { key, body: { ...body, data: { n: 1 } } })
    expect(altered).toMatchObject({ status: 409, pointers: ["/idempotency_key"] })
    const fresh = { type: "c.d", data: {} }
    const batch = (events: readonly object[]) => call("POST", "/v1/events/batch", { key, body: { events } })
    const mixed = await batch([fresh, body, { ...fresh, idempotency_key: "j" }])
    expect(mixed.status).toBe(202)
    expect(mixed.json).toMatchObject({
      data: [
        { type: "c.d", duplicate: false },
        { id: first.json.id, type: "a.b", duplicate: true },
        { type: "c.d", duplicate: false },
      ],
    })
    // What was not accepted before is held to the catalogue of today, and named by its place in the batch.
    expect(await batch([body, fresh, { ...body, idempotency_key: "new" }])).toMatchObject({
      status: 422,
      pointers: ["/events/2/type"],
    })
    expect(list(await call("GET", "/v1/events", { key }))).toHaveLength(3)
  })

  it("means nothing to another workspace", async () => {
    const { call, workspaceKey } = await runApi()
    const headers = { "idempotency-key": "k" }
    for (const key of [await workspaceKey(), await workspaceKey()]) {
      expect((await call("POST", "/v1/events", { key, body: violationEvent, headers })).status).toBe(202)
    }
  })
})

describe("a batch", () => {
  it("accepts all, in order, each as it was written", async () => {
    const { call, workspaceKey, webhook, receivers, clock } = await runApi()
    const key = await workspaceKey("standard")
    await call("POST", "/v1/event-types", { key, body: { name: "a.b" } })
    await webhook(key)
    const raw = `{"events":[${Array.from({ length: 1000 }, (_, at) => `{"type":"a.b","data":{"n":${at}.0}}`).join(" , ")}]}`
    const answer = await call("POST", "/v1/events/batch", { key, raw })
    expect(answer.status).toBe(202)
    const receipts = list(answer)
    expect(receipts).toHaveLength(1000)
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(1000)
    const shown = await call("GET", `/v1/events/${receipts[700]?.id}`, { key })
    expect(shown.text).toContain('"data":{"n":700.0}')
    await clock.advance(10_000)
    expect(receivers.requests).toHaveLength(1000)
  })

  it("accepts none when one is flawed, and points at each", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const cases: readonly (readonly [unknown[], readonly string[], number])[] = [
      [
        [violationEvent, { type: "no.such", data: {} }, { ...violationEvent, data: {} }],
        ["/events/1/type", "/events/2/data/violation"],
        422,
      ],
      [[violationEvent, { ...violationEvent, created: "2016-12-31T23:59:60Z" }], ["/events/1/created"], 422],
      [[violationEvent, { data: {} }, 5], ["/events/1/type", "/events/2"], 422],
      [[], ["/events"], 422],
      [Array.from({ length: 1001 }, () => violationEvent), ["/events"], 422],
      [
        [
          { ...violationEvent, idempotency_key: "k" },
          { ...violationEvent, idempotency_key: "k", ordering_key: "o" },
        ],
        ["/events/1/idempotency_key"],
        409,
      ],
    ]
    for (const [events, pointers, status] of cases) {
      const answer = await call("POST", "/v1/events/batch", { key, body: { events } })
      expect(answer, JSON.stringify(events).slice(0, 80)).toMatchObject({ status, pointers })
    }
    const headers = { "idempotency-key": "k" }
    expect((await call("POST", "/v1/events/batch", { key, body: { events: [violationEvent] }, headers })).status).toBe(
      422,
    )
    const twice = `{"events":[{"type":"scan.failed","type":"scan.failed","data":{}}]}`
    const repeated = await call("POST", "/v1/events/batch", { key, raw: twice })
    expect(repeated).toMatchObject({ status: 400, pointers: ["/events/0/type"] })
    const odd = await call("POST", "/v1/events/batch", { key, raw: '{"a/b~c":1,"a/b~c":2,"events":[]}' })
    expect(odd).toMatchObject({ status: 400, pointers: ["/a~1b~0c"] })
    expect(list(await call("GET", "/v1/events", { key }))).toEqual([])
  })

  it("that would make too many deliveries is refused whole, and told from which event on", async () => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    const webhooks = 251
    for (let count = 0; count < webhooks; count++) await webhook(key)
    const publish = (events: number) =>
      call("POST", "/v1/events/batch", { key, body: { events: Array.from({ length: events }, () => violationEvent) } })
    const refused = await publish(200)
    expect(refused).toMatchObject({ status: 413, json: { code: "batch_too_wide" }, pointers: ["/events/199"] })
    expect(refused.json.detail).toContain("smaller batches")
    expect(list(await call("GET", "/v1/events", { key }))).toEqual([])
    expect(list(await publish(2))).toMatchObject([{ deliveries: webhooks }, { deliveries: webhooks }])
  })

  it("of a hostile sort is refused without listing its million flaws", async () => {
    const { call, workspaceKey } = await runApi()
    const raw = `{"events":[${Array.from({ length: 1_000_000 }, () => "1").join(",")}]}`
    const answer = await call("POST", "/v1/events/batch", { key: await workspaceKey(), raw })
    expect(answer.status).toBe(422)
    expect(answer.pointers.length).toBeLessThanOrEqual(50)
  })
})

describe("looking back", () => {
  it("filters by type, time and text, newest first, page by page", async () => {
    const { call, workspaceKey, clock } = await runApi()
    const key = await workspaceKey()
    const ids: string[] = []
    const startMs = clock.now()
    for (const resource of ["one", "two", "three", "four"]) {
      const data = { violation: { ...object(violation.violation), resource_id: resource } }
      ids.push(text((await call("POST", "/v1/events", { key, body: { ...violationEvent, data } })).json.id))
      await clock.advance(60_000)
    }
    const found = async (query: string) =>
      list(await call("GET", `/v1/events?${query}`, { key })).map(({ id }) => ids.indexOf(text(id)))
    expect(await found("")).toEqual([3, 2, 1, 0])
    expect(await found("type=policy.violation.created")).toHaveLength(4)
    expect(await found("type=scan.failed")).toEqual([])
    expect(await found("text=THREE")).toEqual([2])
    const at = (minutes: number) => new Date(startMs + minutes * 60_000).toISOString()
    expect(await found(`from=${at(1)}&to=${at(3)}`)).toEqual([2, 1])
    const first = await call("GET", "/v1/events?limit=3", { key })
    const second = await call("GET", `/v1/events?limit=3&cursor=${first.json.next_cursor}`, { key })
    expect([...list(first), ...list(second)].map(({ id }) => ids.indexOf(text(id)))).toEqual([3, 2, 1, 0])
    expect(second.json.next_cursor).toBeNull()
    expect((await call("GET", "/v1/events?limit=4", { key })).json.next_cursor).toBeNull()
    expect((await call("GET", "/v1/events/evt_unknown", { key })).status).toBe(404)
    expect((await call("GET", "/v1/events/%00", { key })).status).toBe(404)
    expect(await call("GET", `/v1/events/${"x".repeat(201)}`, { key })).toMatchObject({
      status: 404,
      json: { code: "not_found" },
    })
  })
})

describe("deliveries", () => {
  it("are listed with filters and shown with each attempt and when the next is", async () => {
    const { call, workspaceKey, webhook, receivers, clock } = await runApi()
    const key = await workspaceKey()
    const one = await webhook(key, { headers: { Authorization: "Bearer s3cr3t" } })
    const two = await webhook(key, { active: false })
    receivers.answer = () => ({
      durationMs: 9,
      response: { status: 503, headers: [["retry-after", "60"]], body: "busy" },
      failure: null,
    })
    const event = await call("POST", "/v1/events", { key, body: violationEvent })
    await clock.advance(1_000)
    const found = async (query: string) => list(await call("GET", `/v1/deliveries?${query}`, { key }))
    expect(await found("")).toHaveLength(2)
    expect(await found("status=held")).toMatchObject([{ webhook_id: two.id, next_attempt_at: null, attempt_count: 0 }])
    expect(await found(`webhook_id=${one.id}`)).toMatchObject([{ status: "retrying", last_status_code: 503 }])
    expect(await found(`event_id=${event.json.id}&event_type=policy.violation.created`)).toHaveLength(2)
    expect(await found("event_type=scan.failed")).toEqual([])
    expect((await call("GET", "/v1/deliveries?status=lost", { key })).pointers).toEqual(["/status"])

    const [retrying] = await found("status=retrying")
    const shown = await call("GET", `/v1/deliveries/${retrying?.id}`, { key })
    expect(shown.json).toMatchObject({
      event_type: "policy.violation.created",
      sequence: 1,
      attempt_count: 1,
      ended_at: null,
      attempts: [
        {
          number: 1,
          duration_ms: 9,
          status_code: 503,
          error: { code: "non_2xx" },
          request_headers: { "webhook-id": event.json.id, Authorization: "********" },
          response_headers: { "retry-after": "60" },
          response_body: "busy",
        },
      ],
    })
    expect(Date.parse(text(shown.json.next_attempt_at))).toBeGreaterThanOrEqual(clock.now() + 58_000)
    expect(shown.text).not.toContain("s3cr3t")
  })

  it("are sent again on demand, and that is audited", async () => {
    const { call, workspaceKey, webhook, receivers, clock } = await runApi()
    const key = await workspaceKey()
    const { id: webhookId } = await webhook(key)
    await call("POST", "/v1/events", { key, body: violationEvent })
    await clock.advance(1_000)
    const [delivered] = list(await call("GET", "/v1/deliveries", { key }))
    expect(delivered).toMatchObject({ status: "delivered" })
    const retried = await call("POST", `/v1/deliveries/${delivered?.id}/retry`, { key })
    expect(retried).toMatchObject({ status: 202, json: { id: delivered?.id, ended_at: null } })
    await clock.advance(1_000)
    expect(receivers.requests).toHaveLength(2)
    expect(receivers.requests[1]?.body).toBe(receivers.requests[0]?.body)
    expect(list(await call("GET", "/v1/audit-log", { key }))[0]).toMatchObject({
      action: "delivery.retried",
      before: { status: "delivered" },
      after: { status: "retrying" },
    })
    await call("DELETE", `/v1/webhooks/${webhookId}`, { key })
    const late = await call("POST", `/v1/deliveries/${delivered?.id}/retry`, { key })
    expect(late).toMatchObject({ status: 409, json: { code: "webhook_deleted" } })
  })
})

describe("replays", () => {
  it("run as a job that tells how far it is", async () => {
    const { call, workspaceKey, webhook, receivers, clock } = await runApi()
    const key = await workspaceKey()
    for (let at = 0; at < 3; at++) await call("POST", "/v1/events", { key, body: violationEvent })
    const { id } = await webhook(key)
    const from = new Date(clock.now() - 1_000).toISOString()
    await clock.advance(1_000)
    const to = new Date(clock.now()).toISOString()
    const started = await call("POST", `/v1/webhooks/${id}/replay`, { key, body: { from, to, only_missing: true } })
    expect(started).toMatchObject({
      status: 202,
      json: { webhook_id: id, from, to, event_types: null, statuses: null, only_missing: true, state: "running" },
      headers: { location: `/v1/replays/${started.json.id}` },
    })
    await clock.advance(5_000)
    const shown = await call("GET", `/v1/replays/${started.json.id}`, { key })
    expect(shown.json).toMatchObject({ state: "completed", progress: { examined: 3, enqueued: 3, share: 1 } })
    expect(receivers.requests).toHaveLength(3)
    const cancelled = await call("DELETE", `/v1/replays/${started.json.id}`, { key })
    expect(cancelled).toMatchObject({ status: 200, json: { state: "completed" } })
  })

  it("tell the share that is done, by the times of the events", async () => {
    let pages = 0
    const { call, workspaceKey, webhook, clock } = await runApi({
      // The first page comes, the second never does.
      wrapStore: (store) => ({
        ...store,
        replayCandidates: (...asked) => (++pages === 1 ? store.replayCandidates(...asked) : new Promise(() => {})),
      }),
    })
    const key = await workspaceKey()
    const from = new Date(clock.now()).toISOString()
    for (const count of [150, 60, 1]) {
      await call("POST", "/v1/events/batch", { key, body: { events: Array(count).fill(violationEvent) } })
      await clock.advance(10_000)
    }
    const { id } = await webhook(key)
    const to = new Date(clock.now()).toISOString()
    const started = await call("POST", `/v1/webhooks/${id}/replay`, { key, body: { from, to } })
    expect(started.json.progress).toEqual({ examined: 0, enqueued: 0, share: 0 })
    await clock.advance(1_000)
    const shown = await call("GET", `/v1/replays/${started.json.id}`, { key })
    // 200 of 211 events, but only those of the first 10 of 20 seconds.
    expect(shown.json).toMatchObject({ state: "running", progress: { examined: 200, share: 0.5 } })
  })

  it("can be cancelled", async () => {
    const { call, workspaceKey, webhook } = await runApi({
      wrapStore: (store) => ({ ...store, replayCandidates: () => new Promise(() => {}) }),
    })
    const key = await workspaceKey()
    const { id } = await webhook(key)
    const body = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }
    const started = await call("POST", `/v1/webhooks/${id}/replay`, { key, body })
    const cancelled = await call("DELETE", `/v1/replays/${started.json.id}`, { key })
    expect(cancelled.json).toMatchObject({ state: "cancelled" })
    expect((await call("GET", `/v1/replays/${started.json.id}`, { key })).json.state).toBe("cancelled")
  })

  it.each([
    [{}, ["/from", "/to"]],
    [{ from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z" }, ["/to"]],
    [{ from: "x", to: "2026-01-01T00:00:00Z" }, ["/from"]],
    [{ from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", event_types: ["no.such"] }, ["/event_types/0"]],
    [{ from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", statuses: ["lost"] }, ["/statuses/0"]],
    [{ from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z", speed: 1 }, ["/speed"]],
  ])("refuse %j and start nothing", async (body, pointers) => {
    const { call, workspaceKey, webhook, store } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key, documented)
    expect(await call("POST", `/v1/webhooks/${id}/replay`, { key, body })).toMatchObject({ status: 422, pointers })
    expect(await store.openReplays()).toEqual([])
  })
})

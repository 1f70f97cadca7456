import { describe, expect, it } from "vitest"
import { StoreUnavailable } from "../../src/ports/store.ts"
import { documented, runApi, violation, violationEvent } from "./running-api.ts"

describe("a body that is no good JSON", () => {
  const deep = (levels: number) => `{"type":"x","data":${"[".repeat(levels)}${"]".repeat(levels)}}`
  it.each([
    ["cut off", '{"url": "https://a', 400, "json_malformed"],
    ["not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, "json_malformed"],
    ["empty", "", 400, "body_missing"],
    ["a list", "[]", 422, "validation_failed"],
    ["null", "null", 400, "body_missing"],
    ["a member twice", '{"url":"https://a.example","url":"https://b.example"}', 400, "json_member_repeated"],
    ["a member twice by an escape", '{"url":"https://a.example","\\u0075rl":"x"}', 400, "json_member_repeated"],
    ["nested 101 deep", deep(100), 400, "json_too_deep"],
    ["a prototype", '{"__proto__":{"active":true}}', 422, "validation_failed"],
  ])("%s: refused with a problem", async (_name, raw, status, code) => {
    const { call, workspaceKey } = await runApi()
    const answer = await call("POST", "/v1/webhooks", { key: await workspaceKey(), raw })
    expect(answer).toMatchObject({ status, json: { status, code, type: `/docs/problems#${code}` } })
    expect(answer.headers["content-type"]).toBe("application/problem+json")
    expect(answer.json.request_id).toMatch(/^req_/)
  })

  it("takes what nests up to the limit, and brackets inside strings for what they are", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey("standard")
    await call("POST", "/v1/event-types", { key, body: { name: "a.b" } })
    const data = `{"s":"${'[{\\"'.repeat(200)}","d":${"[".repeat(98)}${"]".repeat(98)}}`
    const answer = await call("POST", "/v1/events", { key, raw: `{"type":"a.b","data":${data}}` })
    expect(answer.status).toBe(202)
  })

  it("counts members before anything is made of them, and not what looks like them in strings", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey("standard")
    await call("POST", "/v1/event-types", { key, body: { name: "a.b" } })
    const with_ = (members: number) =>
      `{"events":[{"type":"a.b","data":{"s":"${":".repeat(1_000)}","l":[${'{"":1},'.repeat(members)}0]}}]}`
    const code = async (members: number) =>
      (await call("POST", "/v1/events/batch", { key, raw: with_(members) })).json.code
    // The events, the type, the data, s and l are members too. What is within is another limit's: data may have 256 KiB.
    expect(await code(499_995)).toBe("data_too_large")
    expect(await code(499_996)).toBe("json_too_many_members")
    expect((await call("POST", "/v1/events/batch", { key, raw: with_(20_000) })).status).toBe(202)
  })

  it("takes a batch whose thousand events have hundreds of members each", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey("standard")
    await call("POST", "/v1/event-types", { key, body: { name: "a.b" } })
    const data = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`m${at}`, at]))
    const events = Array.from({ length: 1_000 }, () => ({ type: "a.b", data }))
    expect((await call("POST", "/v1/events/batch", { key, body: { events } })).status).toBe(202)
  })

  it("never repeats the body it could not read", async () => {
    const { call, workspaceKey } = await runApi()
    const answer = await call("POST", "/v1/webhooks", { key: await workspaceKey(), raw: '{"secret": hush-hush' })
    expect(answer.status).toBe(400)
    expect(answer.text).not.toContain("hush")
  })
})

describe("a request that does not fit its route", () => {
  it("says 415 to a body that is compressed", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const send = (encoding: string) =>
      call("POST", "/v1/events", { key, body: violationEvent, headers: { "content-encoding": encoding } })
    expect(await send("gzip")).toMatchObject({ status: 415, json: { code: "content_type_unsupported" } })
    expect((await send("identity")).status).toBe(202)
  })

  it("says 415 to another content type", async () => {
    const { call, workspaceKey } = await runApi()
    const answer = await call("POST", "/v1/webhooks", {
      key: await workspaceKey(),
      raw: "url=x",
      headers: { "content-type": "application/x-www-form-urlencoded" },
    })
    expect(answer).toMatchObject({ status: 415, json: { code: "content_type_unsupported" } })
  })

  it("says 413 by route: a batch may be larger than an event, an event than the rest", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const sizes = { "/v1/webhooks": 257 * 1024, "/v1/events": 1025 * 1024, "/v1/events/batch": 5121 * 1024 }
    for (const [path, bytes] of Object.entries(sizes)) {
      const raw = JSON.stringify({ x: "x".repeat(bytes) })
      expect(await call("POST", path, { key, raw })).toMatchObject({ status: 413, json: { code: "body_too_large" } })
      const smaller = JSON.stringify({ x: "x".repeat(bytes - 2048) })
      expect((await call("POST", path, { key, raw: smaller })).status).toBe(422)
    }
  })

  it("says 413 for data over 256 KiB, and takes what is just within", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey("standard")
    await call("POST", "/v1/event-types", { key, body: { name: "a.b" } })
    const event = (bytes: number) => `{"type":"a.b","data":{"x":"${"x".repeat(bytes - 8)}"}}`
    expect((await call("POST", "/v1/events", { key, raw: event(256 * 1024) })).status).toBe(202)
    const over = await call("POST", "/v1/events", { key, raw: event(256 * 1024 + 1) })
    expect(over).toMatchObject({ status: 413, json: { code: "data_too_large" }, pointers: ["/data"] })
  })

  it("knows an unknown path from a wrong method", async () => {
    const { call } = await runApi()
    expect(await call("GET", "/v2/nothing")).toMatchObject({ status: 404, json: { code: "route_unknown" } })
    const wrong = await call("DELETE", "/v1/webhooks")
    expect(wrong).toMatchObject({ status: 405, json: { code: "method_not_allowed" } })
    expect(String(wrong.headers.allow).split(", ").sort()).toEqual(["GET", "HEAD", "POST"])
    expect((await call("POST", "/v1/webhooks/wh_1")).status).toBe(405)
  })

  it("answers a URL that cannot be decoded", async () => {
    const { call } = await runApi()
    expect(await call("GET", "/v1/webhooks/%E0%A4%A")).toMatchObject({
      status: 400,
      json: { code: "request_malformed" },
    })
  })

  it("refuses query parameters it does not know, and cursors it did not give", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const cases = {
      "?nope=1": "/nope",
      "?limit=0": "/limit",
      "?limit=201": "/limit",
      "?limit=x": "/limit",
      "?cursor=!": "/cursor",
    }
    for (const [query, pointer] of Object.entries(cases)) {
      const answer = await call("GET", `/v1/webhooks${query}`, { key })
      expect(answer, query).toMatchObject({ status: 422, json: { code: "query_invalid" }, pointers: [pointer] })
    }
    for (const query of ["?from=yesterday", "?from=1969-01-01T00:00:00Z", "?text=%00", "?to=2024-01-15T23:59:60Z"]) {
      expect((await call("GET", `/v1/events${query}`, { key })).status, query).toBe(422)
    }
  })
})

describe("a query that a route does not take", () => {
  it("is refused before anything is done", async () => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    const at = `/v1/webhooks/${(await webhook(key)).id}`
    const range = { from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z" }
    const cases: readonly [method: "GET" | "POST" | "PUT" | "DELETE", path: string, pointer: string, body?: object][] =
      [
        ["POST", `${at}/rotate-secret?overlap_seconds=0`, "/overlap_seconds"],
        ["POST", `${at}/replay?only_missing=true`, "/only_missing", range],
        ["POST", `${at}/test?event_type=scan.completed`, "/event_type", {}],
        ["POST", "/v1/events?idempotency_key=once", "/idempotency_key", violationEvent],
        ["GET", "/v1/stream?type=scan.completed", "/type"],
        ["POST", "/v1/webhooks?active=false", "/active", documented],
        ["PUT", `${at}?active=false`, "/active", {}],
        ["DELETE", `${at}?force=true`, "/force"],
      ]
    for (const [method, path, pointer, body] of cases) {
      const answer = await call(method, path, { key, ...(body && { body }) })
      expect(answer, path).toMatchObject({ status: 422, json: { code: "query_invalid" }, pointers: [pointer] })
    }
    expect((await call("GET", `${at}/secret`, { key })).json).toEqual({ secret: "your-webhook-secret", previous: null })
  })

  it("is left alone where nobody needs a key", async () => {
    const { call } = await runApi()
    for (const path of ["/healthz", "/readyz", "/openapi.json"]) {
      expect((await call("GET", `${path}?from=probe`)).status, path).toBe(200)
    }
  })
})

describe("validation", () => {
  it("names every flaw at once, of form and of meaning", async () => {
    const { call, workspaceKey } = await runApi()
    const answer = await call("POST", "/v1/webhooks", {
      key: await workspaceKey(),
      body: { url: "http://127.0.0.1/", events: ["no.such"], active: "yes", colour: "red", timeout_seconds: 31 },
    })
    expect(answer).toMatchObject({ status: 422, json: { code: "validation_failed" } })
    expect([...answer.pointers].sort()).toEqual([
      "/active",
      "/colour",
      "/events/0",
      "/secret",
      "/timeout_seconds",
      "/url",
    ])
  })

  it("says what would be right, not the rule's own notation", async () => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    const details = async (method: "GET" | "PUT", path: string, body?: object) =>
      (await call(method, path, { key, ...(body && { body }) })).json.errors
    expect(await details("PUT", `/v1/webhooks/${id}`, { ordering: "sorted" })).toEqual([
      { pointer: "/ordering", detail: "must be one of: strict, by_key, none, null" },
    ])
    expect(await details("GET", `/v1/webhooks/${id}/stats?window=24`)).toEqual([
      { pointer: "/window", detail: "must be a number of minutes, hours or days, such as 30m, 24h or 7d" },
    ])
    expect(await details("GET", "/v1/events?from=2026-01-15T14:30:00+02:00")).toEqual([
      { pointer: "/from", detail: expect.stringMatching(/such as 2026-01-15T14:30:00Z.*%2B/) },
    ])
  })

  it("bounds how many flaws it names", async () => {
    const { call, workspaceKey } = await runApi()
    const body = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`x${at}`, at]))
    const answer = await call("POST", "/v1/webhooks", { key: await workspaceKey(), body })
    expect(answer.status).toBe(422)
    expect(answer.pointers).toHaveLength(50)
  })

  it("converts nothing in bodies", async () => {
    const { call, workspaceKey } = await runApi()
    const body = { ...documented, active: 1, timeout_seconds: "10" }
    const answer = await call("POST", "/v1/webhooks", { key: await workspaceKey(), body })
    expect([...answer.pointers].sort()).toEqual(["/active", "/timeout_seconds"])
  })
})

describe("a store that is full", () => {
  it("answers 503 with Retry-After", async () => {
    const { call, workspaceKey } = await runApi({
      wrapStore: (store) => ({ ...store, accept: () => Promise.reject(new StoreUnavailable("the disk is full", 3)) }),
    })
    const answer = await call("POST", "/v1/events", { key: await workspaceKey(), body: violationEvent })
    expect(answer).toMatchObject({ status: 503, json: { code: "store_unavailable" }, headers: { "retry-after": "3" } })
    expect(answer.text).not.toContain("disk")
  })

  it("shows nothing of a fault that nobody foresaw", async () => {
    const { call, workspaceKey } = await runApi({
      wrapStore: (store) => ({ ...store, accept: () => Promise.reject(new Error("password=hunter2 at /srv/x.ts:1")) }),
    })
    const answer = await call("POST", "/v1/events", {
      key: await workspaceKey(),
      body: { type: "policy.violation.created", data: violation },
    })
    expect(answer).toMatchObject({ status: 500, json: { code: "internal" } })
    expect(answer.text).not.toMatch(/hunter2|\.ts/)
  })
})

describe("health", () => {
  it("tells alive from ready", async () => {
    const well = await runApi()
    expect(await well.call("GET", "/healthz")).toMatchObject({ status: 200, json: { status: "alive" } })
    expect(await well.call("GET", "/readyz")).toMatchObject({ status: 200, json: { status: "ready" } })
    expect(await well.call("GET", "/metrics")).toMatchObject({ status: 200, text: "tocsin_up 1\n" })
    const ill = await runApi({ unready: "the disk is full" })
    expect((await ill.call("GET", "/healthz")).status).toBe(200)
    const unready = await ill.call("GET", "/readyz")
    expect(unready).toMatchObject({ status: 503, json: { code: "not_ready", detail: "store: the disk is full" } })
  })
})

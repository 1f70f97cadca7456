import { describe, expect, it } from "vitest"
import { type Json, list, type RunningApi, runApi, sharedApi, violationEvent } from "./running-api.ts"

/** Schemas that look harmless, with data that makes them slow; all far within the sizes allowed. */
const slow: readonly (readonly [string, Json, Json])[] = [
  ["nested repetition", { properties: { s: { pattern: "^(a+)+$" } } }, { s: `${"a".repeat(60)}!` }],
  ["alternatives that overlap", { properties: { s: { pattern: "^(a|a|aa)*$" } } }, { s: `${"a".repeat(80)}!` }],
  ["many stars", { properties: { s: { pattern: ".*.*.*.*.*=x" } } }, { s: "a".repeat(20_000) }],
  ["no anchor", { properties: { s: { pattern: "a.*b.*c" } } }, { s: "a".repeat(200_000) }],
  ["a pattern for names", { patternProperties: { "^(a+)+$": {} } }, { [`${"a".repeat(60)}!`]: 1 }],
  ["names", { propertyNames: { pattern: "^(\\w+\\s?)+$" } }, { [`${"a".repeat(60)}!`]: 1 }],
  ["references that double", doubling(40), { a: 1 }],
  [
    "unique items",
    { properties: { list: { uniqueItems: true } } },
    { list: Array.from({ length: 15_000 }, (_, n) => ({ n })) },
  ],
]

/** Each definition asks for the one before it twice. */
function doubling(depth: number): Json {
  const $defs: Record<string, Json> = { d0: { properties: { b: { type: "string" } } } }
  for (let n = 1; n <= depth; n++)
    $defs[`d${n}`] = { allOf: [{ $ref: `#/$defs/d${n - 1}` }, { $ref: `#/$defs/d${n - 1}` }] }
  return { $defs, properties: { b: { $ref: `#/$defs/d${depth}` } }, required: ["a"], $ref: `#/$defs/d${depth}` }
}

async function register({ call }: RunningApi, key: string, name: string, schema: Json) {
  return call("POST", "/v1/event-types", { key, body: { name, schema } })
}

describe("a workspace's own schema that takes for ever", () => {
  it.each(slow)("%s: is refused, at registration or with the event, in bounded time", async (_what, schema, data) => {
    const api = await runApi()
    const key = await api.workspaceKey()
    const startedMs = performance.now()
    const registered = await register(api, key, "own.slow", schema)
    if (registered.status === 201) {
      const answer = await api.call("POST", "/v1/events", { key, body: { type: "own.slow", data } })
      expect(answer).toMatchObject({ status: 422, json: { code: "data_invalid" }, pointers: ["/data"] })
      expect(answer.text).toContain("takes too long")
    } else expect(registered).toMatchObject({ status: 422, pointers: ["/schema"] })
    expect(performance.now() - startedMs).toBeLessThan(5_000)
    // Nobody else notices.
    const other = await api.workspaceKey()
    expect((await api.call("POST", "/v1/events", { key: other, body: violationEvent })).status).toBe(202)
  })

  it("costs its workspace its own types for a while, and nobody anything else", async () => {
    const api = await runApi()
    const { call, clock } = api
    const [key, other] = [await api.workspaceKey(), await api.workspaceKey()]
    const schema = { properties: { s: { pattern: "^(a+)+$" } } }
    for (const each of [key, other]) await register(api, each, "own.slow", schema)
    const publish = (as: string, s: string) =>
      call("POST", "/v1/events", { key: as, body: { type: "own.slow", data: { s } } })
    expect((await publish(key, "aaa")).status).toBe(202)
    expect((await publish(key, `${"a".repeat(60)}!`)).status).toBe(422)
    const startedMs = performance.now()
    for (let n = 0; n < 20; n++) expect((await publish(key, `${"a".repeat(60)}!`)).status).toBe(429)
    // Unchecked: twenty checks would have taken two seconds.
    expect(performance.now() - startedMs).toBeLessThan(1_500)
    // Nothing is wrong with this one, so it is not refused for good: publishers send it again.
    const notYet = await publish(key, "aaa")
    expect(notYet).toMatchObject({ status: 429, json: { code: "schemas_too_slow" }, pointers: ["/data"] })
    expect(Number(notYet.headers["retry-after"])).toBeGreaterThan(0)
    // Of what is wrong they hear all the same.
    const batch = [
      { type: "own.slow", data: { s: "aaa" } },
      { type: "own.unknown", data: {} },
    ]
    expect(await call("POST", "/v1/events/batch", { key, body: { events: batch } })).toMatchObject({
      status: 422,
      json: { code: "unknown_event_type" },
      pointers: ["/events/1/type"],
    })
    expect((await publish(other, "aaa")).status).toBe(202)
    expect((await call("POST", "/v1/events", { key, body: violationEvent })).status).toBe(202)
    await clock.advance(10_001)
    expect((await publish(key, "aaa")).status).toBe(202)
    expect(list(await call("GET", "/v1/events?type=own.slow", { key }))).toHaveLength(2)
  })

  it.each([
    ["itself", { $defs: { a: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" }],
    ["a circle", { $defs: { a: { $ref: "#/$defs/b" }, b: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" }],
  ])("that refers to %s without end is refused at once", async (_what, schema) => {
    const api = await runApi()
    const answer = await register(api, await api.workspaceKey(), "own.circular", schema)
    expect(answer).toMatchObject({ status: 422, pointers: ["/schema"] })
    expect(answer.text).toContain("without end")
  })

  it("that refers to itself with an end works, down to any depth that the body may have", async () => {
    const api = await runApi()
    const key = await api.workspaceKey()
    const item = { properties: { next: { $ref: "#/$defs/item" } }, additionalProperties: false }
    const schema = { $defs: { item }, $ref: "#/$defs/item" }
    expect((await register(api, key, "own.list", schema)).status).toBe(201)
    let data: Json = {}
    for (let n = 0; n < 90; n++) data = { next: data }
    expect((await api.call("POST", "/v1/events", { key, body: { type: "own.list", data } })).status).toBe(202)
  })
})

describe("a schema that refers to its own parts", () => {
  const shared = sharedApi()
  const node = { type: "object", properties: { child: { $ref: "#" } }, additionalProperties: false }
  const byName = (ref: string, x: Json) => ({
    properties: { child: { $ref: ref } },
    additionalProperties: false,
    $defs: { x: { type: "object", properties: { child: { $ref: ref } }, additionalProperties: false, ...x } },
  })
  it.each<readonly [string, Json]>([
    ["as a whole", node],
    ["as a whole, in the language it names", { $schema: "https://json-schema.org/draft/2020-12/schema", ...node }],
    ["as a whole, with a name of its own", { $id: "urn:acme:node", ...node }],
    [
      "by its own name",
      { ...node, $id: "https://acme.test/node", properties: { child: { $ref: "https://acme.test/node" } } },
    ],
    ["by a path", byName("#/$defs/x", {})],
    ["by an anchor", byName("#x", { $anchor: "x" })],
    ["by a part's name", byName("https://acme.test/x", { $id: "https://acme.test/x" })],
    ["from a part back to the whole", { ...byName("#/$defs/x", {}), $defs: { x: { $ref: "#" } } }],
  ])("%s holds events to it at every depth", async (_how, schema) => {
    const api = shared()
    const key = await api.workspaceKey()
    expect(await register(api, key, "own.tree", schema)).toMatchObject({ status: 201 })
    const publish = (data: Json) => api.call("POST", "/v1/events", { key, body: { type: "own.tree", data } })
    expect((await publish({ child: { child: { child: {} } } })).status).toBe(202)
    const misfit = await publish({ child: { child: { child: { leaf: 1 } } } })
    expect(misfit).toMatchObject({ status: 422, pointers: ["/data/child/child/child"] })
  })

  it.each([
    "https://example.com/x.json",
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "other.json",
    "#/$defs/absent",
    "#absent",
    "https://json-schema.org/draft/2020-12/absent",
  ])("and one that refers to %s is refused: nothing is fetched", async (ref) => {
    const api = shared()
    const answer = await register(api, await api.workspaceKey(), "own.remote", { properties: { a: { $ref: ref } } })
    expect(answer).toMatchObject({ status: 422, pointers: ["/schema"] })
    expect(answer.text).toContain("resolve")
  })

  it("knows no names that another workspace's schema gave to its parts", async () => {
    const api = shared()
    const schema = { $defs: { x: { $id: "https://acme.test/secret-part", type: "integer" } } }
    expect((await register(api, await api.workspaceKey(), "own.named", schema)).status).toBe(201)
    const other = { properties: { a: { $ref: "https://acme.test/secret-part" } } }
    expect(await register(api, await api.workspaceKey(), "own.thief", other)).toMatchObject({
      status: 422,
      pointers: ["/schema"],
    })
  })

  it("in data without end is refused by the body's depth, not by a broken stack", async () => {
    const api = shared()
    const key = await api.workspaceKey()
    expect((await register(api, key, "own.tree", node)).status).toBe(201)
    const raw = `{"type":"own.tree","data":${'{"child":'.repeat(500)}{}${"}".repeat(500)}}`
    expect((await api.call("POST", "/v1/events", { key, raw })).json.code).toBe("json_too_deep")
  })
})

describe("registering schemas that take long", () => {
  it("is refused at a slow sample in bounded time, and for a while after", async () => {
    const api = await runApi()
    const [key, other] = [await api.workspaceKey(), await api.workspaceKey()]
    const slowOne = {
      name: "own.slow",
      schema: { properties: { s: { pattern: "^(a+)+$" } } },
      sample: { s: `${"a".repeat(60)}!` },
    }
    const quick = { name: "own.quick", schema: { type: "object" } }
    const post = (as: string, body: Json) => api.call("POST", "/v1/event-types", { key: as, body })
    const startedMs = performance.now()
    expect(await post(key, slowOne)).toMatchObject({ status: 422, pointers: ["/sample"] })
    const again = await post(key, slowOne)
    expect(again).toMatchObject({ status: 429, json: { code: "rate_limited" } })
    expect(Number(again.headers["retry-after"])).toBeGreaterThanOrEqual(1)
    // Twenty more at once would have taken two seconds.
    for (let n = 0; n < 20; n++) expect((await post(key, quick)).status).toBe(429)
    expect(performance.now() - startedMs).toBeLessThan(1_500)
    // Others' are looked at, and its own again once it has waited as told.
    expect((await post(other, quick)).status).toBe(201)
    await api.clock.advance(Number(again.headers["retry-after"]) * 1_000)
    expect((await post(key, quick)).status).toBe(201)
  })

  it("leaves a type that was compiled once at work: no event pays for that", async () => {
    const api = await runApi()
    const key = await api.workspaceKey()
    const properties = Object.fromEntries(
      Array.from({ length: 200 }, (_, n) => [`p${n}`, { type: "string", minLength: 1 }]),
    )
    expect((await register(api, key, "own.large", { type: "object", properties })).status).toBe(201)
    const data = { p199: "x" }
    expect((await api.call("POST", "/v1/events", { key, body: { type: "own.large", data } })).status).toBe(202)
    const misfit = await api.call("POST", "/v1/events", { key, body: { type: "own.large", data: { p199: "" } } })
    expect(misfit).toMatchObject({ status: 422, pointers: ["/data/p199"] })
  })
})

describe("texts that a store could not keep as they are", () => {
  const texts = [
    ["NUL", "a\u0000b"],
    ["half a surrogate pair", "a\ud800b"],
    ["the other half", "\udc00"],
  ] as const
  it.each(texts)("%s is refused in keys and attributes", async (_what, text) => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    for (const [member, body] of [
      ["/idempotency_key", { idempotency_key: text }],
      ["/ordering_key", { ordering_key: text }],
      ["/attributes/resource_id", { attributes: { resource_id: text } }],
      ["/attributes/severity", { attributes: { severity: text } }],
    ] as const) {
      const answer = await call("POST", "/v1/events", { key, body: { ...violationEvent, ...body } })
      expect(answer).toMatchObject({ status: 422, pointers: [member] })
    }
    // A whole pair is a character like others.
    const whole = await call("POST", "/v1/events", { key, body: { ...violationEvent, ordering_key: "🔔" } })
    expect(whole.status).toBe(202)
  })

  it("in data are the publisher's own, and a resource named by one keeps a key of its own", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const keys: unknown[] = []
    for (const resource of ["a\u0000b", "a\ud800b", "a\ud801b", "x".repeat(5_000), "plain"]) {
      const data = { violation: { ...(violationEvent.data as { violation: Json }).violation, resource_id: resource } }
      const made = await call("POST", "/v1/events", { key, body: { ...violationEvent, data } })
      expect(made.status).toBe(202)
      const shown = await call("GET", `/v1/events/${made.json.id}`, { key })
      expect(shown.json.data).toEqual(data)
      keys.push(shown.json.ordering_key)
    }
    expect(new Set(keys).size).toBe(5)
    expect(keys[4]).toBe("plain")
    for (const each of keys.slice(0, 4)) expect(each).toMatch(/^sha256:[0-9a-f]{64}$/)
  })
})

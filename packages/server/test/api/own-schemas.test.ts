import { describe, expect, it } from "vitest"
import { type Json, list, type RunningApi, runApi, violationEvent } from "./running-api.ts"

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
    for (let n = 0; n < 20; n++) expect((await publish(key, `${"a".repeat(60)}!`)).status).toBe(422)
    // Unchecked: twenty checks would have taken two seconds.
    expect(performance.now() - startedMs).toBeLessThan(1_500)
    expect((await publish(key, "aaa")).status).toBe(422)
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

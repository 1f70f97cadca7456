import { describe, expect, it } from "vitest"
import { operationalTypes } from "../../src/domain/operational.ts"
import { list, runApi, sharedApi } from "./running-api.ts"

const own = {
  name: "invoice.paid",
  group: "billing",
  description: "An invoice was paid",
  severity: "info",
  schema: { type: "object", required: ["amount"], properties: { amount: { type: "integer" } } },
  sample: { amount: 5 },
}

describe("the catalogue", () => {
  it("is the profile's, page by page", async () => {
    const { call, workspaceKey } = await runApi()
    const counts = { policycortex: 16, cybervault: 12 } as const
    for (const [profile, count] of Object.entries(counts) as ["policycortex" | "cybervault", number][]) {
      const key = await workspaceKey(profile)
      const first = await call("GET", "/v1/event-types?limit=10", { key })
      const second = await call("GET", `/v1/event-types?limit=10&cursor=${first.json.next_cursor}`, { key })
      const types = [...list(first), ...list(second)]
      expect(new Set(types.map(({ name }) => name)).size).toBe(count)
      for (const type of types) expect(type).toMatchObject({ origin: "profile", schema: { type: "object" } })
    }
    const key = await workspaceKey()
    const type = await call("GET", "/v1/event-types/policy.violation.created", { key })
    expect(type.json).toMatchObject({
      attribute_paths: { severity: ["violation.severity"] },
      sample: { violation: {} },
    })
    expect((await call("GET", "/v1/event-types/no.such", { key })).status).toBe(404)
    expect((await call("GET", "/v1/event-types/NOT-a-name", { key })).status).toBe(404)
  })

  it("lists what may be published, and Tocsin's own types when they are asked for", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    await call("POST", "/v1/event-types", { key, body: own })
    const names = async (query: string) =>
      list(await call("GET", `/v1/event-types?limit=200${query}`, { key })).map(({ name }) => name)
    expect(await names("&origin=tocsin")).toEqual([...operationalTypes].sort())
    expect(await names("&origin=workspace")).toEqual([own.name])
    expect(await names("&origin=profile")).toHaveLength(16)
    expect(await names("")).toHaveLength(17)
    expect((await call("GET", "/v1/event-types?origin=elsewhere", { key })).status).toBe(422)
  })

  it("takes types of one's own, holds events to their schema, and lets them be changed and removed", async () => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    const made = await call("POST", "/v1/event-types", { key, body: own })
    expect(made).toMatchObject({ status: 201, json: { ...own, origin: "workspace" } })
    expect((await call("GET", "/v1/event-types/invoice.paid", { key })).json).toEqual(made.json)
    await webhook(key, { events: ["invoice.*"] })
    const publish = (data: object) => call("POST", "/v1/events", { key, body: { type: own.name, data } })
    expect(await publish({ amount: 7 })).toMatchObject({ status: 202, json: { deliveries: 1 } })
    expect(await publish({ amount: "7" })).toMatchObject({ status: 422, pointers: ["/data/amount"] })

    const replaced = await call("PUT", "/v1/event-types/invoice.paid", { key, body: { description: "changed" } })
    expect(replaced.json).toMatchObject({ group: "invoice", description: "changed", schema: null, sample: null })
    expect((await publish({ amount: "7" })).status).toBe(202)
    expect((await call("DELETE", "/v1/event-types/invoice.paid", { key })).status).toBe(204)
    expect(await publish({ amount: 7 })).toMatchObject({ status: 422, json: { code: "unknown_event_type" } })
  })

  it("keeps the profile's own types from being touched, and names from being taken twice", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const name = "policy.violation.created"
    expect((await call("POST", "/v1/event-types", { key, body: { name } })).json.code).toBe("event_type_exists")
    expect((await call("PUT", `/v1/event-types/${name}`, { key, body: {} })).json.code).toBe("event_type_built_in")
    expect((await call("DELETE", `/v1/event-types/${name}`, { key })).json.code).toBe("event_type_built_in")
    await call("POST", "/v1/event-types", { key, body: own })
    expect((await call("POST", "/v1/event-types", { key, body: own })).json.code).toBe("event_type_exists")
    expect((await call("PUT", "/v1/event-types/no.such", { key, body: {} })).status).toBe(404)
  })

  it("keeps schemas of one workspace from another's, whatever $id they claim", async () => {
    const { call, workspaceKey } = await runApi()
    for (const type of ["integer", "string"]) {
      const key = await workspaceKey()
      const schema = { $id: "urn:acme:mine", type: "object", properties: { a: { type } } }
      expect((await call("POST", "/v1/event-types", { key, body: { name: "a.b", schema } })).status).toBe(201)
      const fits = type === "integer" ? 1 : "x"
      const event = (a: unknown) => call("POST", "/v1/events", { key, body: { type: "a.b", data: { a } } })
      expect((await event(fits)).status).toBe(202)
      expect((await event(true)).status).toBe(422)
    }
  })
})

describe("a type of one's own is refused with", () => {
  const shared = sharedApi()
  it.each([
    ["no name", { name: undefined }, ["/name"]],
    ["one word", { name: "paid" }, ["/name"]],
    ["upper case", { name: "Invoice.paid" }, ["/name"]],
    ["a dash", { name: "in-voice.paid" }, ["/name"]],
    ["a star", { name: "invoice.*" }, ["/name"]],
    ["a schema that is none", { schema: { type: "nonsense" } }, ["/schema"]],
    ["a schema that points elsewhere", { schema: { $ref: "https://example.com/x.json" } }, ["/schema"]],
    ["an asynchronous schema", { schema: { ...own.schema, $async: true } }, ["/schema"]],
    ["JSON Schema's own name", { schema: { $id: "https://json-schema.org/draft/2020-12/schema" } }, ["/schema"]],
    ["a pattern that is none", { schema: { properties: { a: { pattern: "(" } } } }, ["/schema"]],
    ["a huge schema", { schema: { description: "x".repeat(70_000) } }, ["/schema"]],
    ["a sample that does not fit", { sample: { amount: "x" } }, ["/sample/amount"]],
    ["a sample that is no object", { sample: 5 }, ["/sample"]],
    ["an unknown field", { colour: "red" }, ["/colour"]],
  ])("%s", async (_name, change, pointers) => {
    const { call, workspaceKey } = shared()
    const key = await workspaceKey()
    const answer = await call("POST", "/v1/event-types", { key, body: { ...own, ...change } })
    expect(answer).toMatchObject({ status: 422, pointers })
    expect((await call("GET", "/v1/event-types/invoice.paid", { key })).status).toBe(404)
  })
})

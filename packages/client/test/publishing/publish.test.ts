import { describe, expect, expectTypeOf, it } from "vitest"
import type { Publication } from "../../src/index.ts"
import { failureOf, hangUp, json, problem, scriptedServer } from "../http/scripted-server.ts"

const receipt = { id: "evt_1", type: "a.b", created: "2024-01-15T14:30:00Z", duplicate: false, deliveries: 2 }
const accepted = json(202, receipt)

describe("publishing", () => {
  it("sends the event's fields and gives the receipt", async () => {
    const { client, seen } = await scriptedServer(accepted)
    const publication: Publication = {
      type: "a.b",
      data: { n: 1 },
      idempotency_key: "idm_1",
      created: "2024-01-15T14:30:00Z",
      ordering_key: "k",
      attributes: { severity: "HIGH", environment: null },
      metadata: { trace: "t" },
    }
    expect(await client().events.publish(publication)).toEqual(receipt)
    expect(seen).toMatchObject([{ method: "POST", url: "/v1/events", headers: { "content-type": "application/json" } }])
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual(publication)
  })

  it("is repeated with one and the same key, so that a lost answer makes no second event", async () => {
    const { client, seen } = await scriptedServer(hangUp, problem(503, "store_unavailable"), accepted)
    await client().events.publish({ type: "a.b", data: {} })
    expect(seen).toHaveLength(3)
    const keys = seen.map(({ body }) => JSON.parse(body).idempotency_key)
    expect(keys[0]).toMatch(/^idm_[0-9a-f]{32}$/)
    expect(new Set(keys).size).toBe(1)
  })

  it("gives each event a key of its own", async () => {
    const { client, seen } = await scriptedServer(accepted)
    await client().events.publish({ type: "a.b", data: {} })
    await client().events.publish({ type: "a.b", data: {} })
    expect(new Set(seen.map(({ body }) => JSON.parse(body).idempotency_key)).size).toBe(2)
  })

  it("leaves dataText as it is: every digit, 1.0, the order of members", async () => {
    const dataText = '{ "id":9007199254740993, "b":1.0, "a":[1e2] }'
    const { client, seen } = await scriptedServer(accepted)
    await client().events.publish({ type: "a.b", dataText })
    expect(seen[0]?.body).toContain(`"data":${dataText}}`)
    expect(JSON.parse(seen[0]?.body ?? "")).not.toHaveProperty("dataText")
  })

  it.each(['{},"type":"smuggled.in"', "{", "", "[]", "null", "5"])(
    "refuses the dataText %j before anything is sent",
    async (dataText) => {
      const { client, seen } = await scriptedServer(accepted)
      await expect(client().events.publish({ type: "a.b", dataText })).rejects.toThrow(TypeError)
      expect(seen).toEqual([])
    },
  )

  it("says where integers that JSON cannot hold belong", async () => {
    const { client } = await scriptedServer(accepted)
    await expect(client().events.publish({ type: "a.b", data: { big: 1n } })).rejects.toThrow(/dataText/)
    await expect(client().events.publish({ type: "a.b", data: [] })).rejects.toThrow(/object/)
  })

  it("takes data or dataText, not both and not neither", () => {
    expectTypeOf<{ type: string; data: object }>().toExtend<Publication>()
    expectTypeOf<{ type: string; dataText: string }>().toExtend<Publication>()
    expectTypeOf<{ type: string }>().not.toExtend<Publication>()
    expectTypeOf<{ type: string; data: object; dataText: string }>().not.toExtend<Publication>()
  })
})

describe("publishing a batch", () => {
  it("gives receipts in order, and each event a key of its own that its retries keep", async () => {
    const { client, seen } = await scriptedServer(hangUp, json(202, { data: [receipt, { ...receipt, id: "evt_2" }] }))
    const dataText = '{"n":9007199254740993}'
    const receipts = await client().events.publishBatch([
      { type: "a.b", data: { n: 1 } },
      { type: "a.b", dataText },
    ])
    expect(receipts.map(({ id }) => id)).toEqual(["evt_1", "evt_2"])
    expect(seen.map(({ url }) => url)).toEqual(["/v1/events/batch", "/v1/events/batch"])
    expect(seen[0]?.body).toBe(seen[1]?.body)
    expect(seen[0]?.body).toContain(dataText)
    const keys = JSON.parse(seen[0]?.body ?? "").events.map(
      (event: { idempotency_key: string }) => event.idempotency_key,
    )
    expect(new Set(keys).size).toBe(2)
  })

  it("is refused as a whole", async () => {
    const errors = [{ pointer: "/events/1/type", detail: "is unknown" }]
    const { client } = await scriptedServer(problem(422, "unknown_event_type", { errors }))
    expect(await failureOf(client().events.publishBatch([{ type: "x", data: {} }]))).toMatchObject({ errors })
  })
})

import { expect, it } from "vitest"
import { json, problem, scriptedServer } from "./scripted-server.ts"

const pages = [
  json(200, { data: [{ id: "dlv_5" }, { id: "dlv_4" }], next_cursor: "c1" }),
  json(200, { data: [], next_cursor: "c2" }),
  json(200, { data: [{ id: "dlv_3" }], next_cursor: null }),
]

it("is walked over all pages, with its filter on each", async () => {
  const { client, seen } = await scriptedServer(...pages)
  const ids: string[] = []
  const query = { status: "exhausted", webhook_id: "wh_1", event_id: undefined, limit: 2 } as const
  for await (const delivery of client().deliveries.list(query)) ids.push(delivery.id)
  expect(ids).toEqual(["dlv_5", "dlv_4", "dlv_3"])
  const filter = "/v1/deliveries?status=exhausted&webhook_id=wh_1&limit=2"
  expect(seen.map(({ url }) => url)).toEqual([filter, `${filter}&cursor=c1`, `${filter}&cursor=c2`])
})

it("asks for no page that nobody walks to", async () => {
  const { client, seen } = await scriptedServer(...pages)
  for await (const delivery of client().deliveries.list()) {
    if (delivery.id === "dlv_4") break
  }
  expect(seen).toHaveLength(1)
})

it("gives one page, and the one at a cursor", async () => {
  const { client, seen } = await scriptedServer(...pages)
  expect(await client().events.list().page()).toEqual({ data: [{ id: "dlv_5" }, { id: "dlv_4" }], next_cursor: "c1" })
  await client().events.list({ cursor: "c1" }).page()
  expect(seen.map(({ url }) => url)).toEqual(["/v1/events", "/v1/events?cursor=c1"])
})

it("survives a failure between two pages", async () => {
  const [first = pages[0], , last = pages[2]] = pages
  if (first === undefined || last === undefined) throw new Error("no pages")
  const { client } = await scriptedServer(first, problem(503, "store_unavailable"), last)
  const ids: string[] = []
  for await (const { id } of client().deliveries.list()) ids.push(id)
  expect(ids).toEqual(["dlv_5", "dlv_4", "dlv_3"])
})

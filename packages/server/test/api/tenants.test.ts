import { describe, expect, it } from "vitest"
import { adminKey, list, object, type RunningApi, runApi, text, violationEvent } from "./running-api.ts"

/** One of everything that has an id, in a workspace. */
async function furnished({ call, workspaceKey, webhook, clock }: RunningApi) {
  const key = await workspaceKey()
  const ids: Record<string, string> = {}
  ids.webhooks = text((await webhook(key)).id)
  ids["api-keys"] = text(list(await call("GET", "/v1/api-keys", { key }))[0]?.id)
  await call("POST", "/v1/event-types", { key, body: { name: "own.type" } })
  ids["event-types"] = "own.type"
  ids.events = text((await call("POST", "/v1/events", { key, body: violationEvent })).json.id)
  ids.deliveries = text(list(await call("GET", "/v1/deliveries", { key }))[0]?.id)
  const range = { from: "2025-01-01T00:00:00Z", to: "2025-01-02T00:00:00Z" }
  ids.replays = text((await call("POST", `/v1/webhooks/${ids.webhooks}/replay`, { key, body: range })).json.id)
  await clock.advance(1_000)
  return { key, ids }
}

/** A body that each route takes, so that only the id can be at fault. */
const bodies: Readonly<Record<string, object>> = {
  "POST /v1/webhooks/{id}/replay": { from: "2025-01-01T00:00:00Z", to: "2025-01-02T00:00:00Z" },
}

describe("another workspace's ids", () => {
  it("answer 404 on every route of the document that takes one, as unknown ones do, and nothing changes", async () => {
    const api = await runApi()
    const theirs = await furnished(api)
    const ours = await api.workspaceKey()
    const before = await state(api, theirs)
    const document = object(JSON.parse(JSON.stringify(api.app.swagger())))
    const tried: string[] = []
    for (const [path, operations] of Object.entries(object(document.paths))) {
      const kind = /^\/v1\/([\w-]+)\/\{\w+\}/.exec(path)?.[1]
      if (kind === undefined || kind === "workspaces") continue
      const id = theirs.ids[kind]
      expect(id, `the test knows no id for ${path}`).toBeDefined()
      for (const name of Object.keys(object(operations))) {
        const method = name.toUpperCase()
        const body = ["POST", "PUT", "PATCH"].includes(method) ? (bodies[`${method} ${path}`] ?? {}) : undefined
        const answer = await api.call(method, path.replace(/\{\w+\}/, String(id)), { key: ours, body })
        expect({ status: answer.status, code: answer.json.code }, `${method} ${path}`).toEqual({
          status: 404,
          code: "not_found",
        })
        const unknown = await api.call(
          method,
          path.replace(/\{\w+\}/, kind === "event-types" ? "unknown.type" : "unknown_id"),
          { key: ours, body },
        )
        expect({ ...unknown.json, request_id: 0 }, `${method} ${path}`).toEqual({ ...answer.json, request_id: 0 })
        tried.push(`${method} ${path}`)
      }
    }
    expect(tried.length).toBeGreaterThanOrEqual(19)
    expect(await state(api, theirs)).toEqual(before)
  })

  it("find nothing in any query of the document that takes one, and the workspace itself is the admin's alone", async () => {
    const api = await runApi()
    const theirs = await furnished(api)
    const [workspace] = list(await api.call("GET", "/v1/workspaces", { key: adminKey })).filter(
      ({ name }) => name === "acme",
    )
    const ids: Record<string, string> = {
      ...theirs.ids,
      workspaces: text(workspace?.id),
    }
    const ours = await api.workspaceKey()
    const document = object(JSON.parse(JSON.stringify(api.app.swagger())))
    const tried: string[] = []
    for (const [path, operations] of Object.entries(object(document.paths))) {
      if (path.includes("{")) continue
      const { parameters } = object(object(operations).get ?? {})
      for (const { name, in: place } of Array.isArray(parameters) ? parameters.map(object) : []) {
        const kind = /^(\w+)_id$/.exec(text(name))?.[1]
        if (place !== "query" || kind === undefined) continue
        const id = ids[`${kind}s`]
        expect(id, `the test knows no id for ${name} of ${path}`).toBeDefined()
        const query = `${path}?${name}=${id}`
        const answer = await api.call("GET", query, { key: ours })
        if (answer.status === 404) expect(answer.json.code, query).toBe("not_found")
        else expect({ status: answer.status, data: answer.json.data }, query).toEqual({ status: 200, data: [] })
        tried.push(query)
      }
    }
    expect(tried.length).toBeGreaterThanOrEqual(4)
    for (const [method, path] of [
      ["GET", "/v1/workspaces"],
      ["GET", `/v1/workspaces/${ids.workspaces}`],
      ["PATCH", `/v1/workspaces/${ids.workspaces}`],
      ["DELETE", `/v1/workspaces/${ids.workspaces}`],
    ] as const) {
      const answer = await api.call(method, path, {
        key: theirs.key,
        ...(method === "PATCH" && { body: { name: "x" } }),
      })
      expect(answer.json.code, `${method} ${path}`).toBe("admin_key_required")
    }
  })

  it("are in none of our lists, filtered by them or not", async () => {
    const api = await runApi()
    const theirs = await furnished(api)
    const ours = await api.workspaceKey()
    const queries = [
      "/v1/webhooks",
      "/v1/events",
      "/v1/deliveries",
      `/v1/deliveries?webhook_id=${theirs.ids.webhooks}`,
      `/v1/deliveries?event_id=${theirs.ids.events}`,
    ]
    for (const query of queries) {
      expect(list(await api.call("GET", query, { key: theirs.key })).length, query).toBeGreaterThan(0)
      expect(list(await api.call("GET", query, { key: ours })), query).toEqual([])
    }
    for (const query of ["/v1/api-keys", "/v1/audit-log", "/v1/event-types?limit=200"]) {
      const { text: seen } = await api.call("GET", query, { key: ours })
      for (const id of Object.values(theirs.ids)) expect(seen, query).not.toContain(`"${id}"`)
    }
  })
})

async function state({ call }: RunningApi, { key, ids }: { key: string; ids: Record<string, string> }) {
  const paths = [
    "/v1/webhooks",
    "/v1/event-types/own.type",
    `/v1/deliveries/${ids.deliveries}`,
    `/v1/replays/${ids.replays}`,
  ]
  return Promise.all(paths.map(async (path) => (await call("GET", path, { key })).json))
}

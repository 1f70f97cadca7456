import { describe, expect, it } from "vitest"
import { workspaceCaps } from "../../src/api/workspace-caps.ts"
import { documented, list, runApi, text } from "./running-api.ts"

const full = { status: 409, json: { code: "workspace_full" } }

describe("a workspace that has all it may have", () => {
  it("gets no more webhooks until one is deleted, and keeps what it has", async () => {
    const { call, workspaceKey, webhook } = await runApi({ caps: { webhooks: 3 } })
    const key = await workspaceKey()
    const create = () => call("POST", "/v1/webhooks", { key, body: documented })
    const [first] = [await webhook(key), await webhook(key), await webhook(key)]
    const refused = await create()
    expect(refused).toMatchObject(full)
    expect(refused.text).toContain("A workspace may have 3 webhooks.")
    // What exists is changed as before, and counts once.
    const path = `/v1/webhooks/${text(first?.id)}`
    expect((await call("PATCH", path, { key, body: { active: false } })).status).toBe(200)
    expect(await create()).toMatchObject(full)
    expect((await call("DELETE", path, { key })).status).toBe(204)
    expect((await create()).status).toBe(201)
    expect(await create()).toMatchObject(full)
    expect(list(await call("GET", "/v1/webhooks", { key }))).toHaveLength(3)
    await webhook(await workspaceKey())
  })

  it("gets no more API keys until one is revoked or has expired", async () => {
    const { call, workspaceKey, clock } = await runApi({ caps: { apiKeys: 3 } })
    const key = await workspaceKey()
    const create = (more: object = {}) => call("POST", "/v1/api-keys", { key, body: { name: "one", ...more } })
    const expires_at = new Date(clock.now() + 3_600_000).toISOString()
    const made = [await create(), await create({ expires_at })]
    expect(made.map(({ status }) => status)).toEqual([201, 201])
    expect(await create()).toMatchObject(full)
    expect((await call("DELETE", `/v1/api-keys/${text(made[0]?.json.id)}`, { key })).status).toBe(204)
    expect((await create()).status).toBe(201)
    expect(await create()).toMatchObject(full)
    await clock.advance(3_600_000)
    expect((await create()).status).toBe(201)
    expect(await create()).toMatchObject(full)
  })

  it("keeps of API keys that have ended as many as may be in force, the last ones, and of all what was done with them", async () => {
    const { call, workspaceKey, clock, engine } = await runApi({ caps: { apiKeys: 3 } })
    const key = await workspaceKey()
    const create = async (more: object = {}) => {
      const made = await call("POST", "/v1/api-keys", { key, body: { name: "one", ...more } })
      expect(made.status).toBe(201)
      await clock.advance(1_000)
      return { id: text(made.json.id), key: text(made.json.key) }
    }
    const lent = await create({ expires_at: new Date(clock.now() + 500).toISOString() })
    const revoked: (typeof lent)[] = []
    for (let count = 0; count < 6; count++) {
      const made = await create()
      expect((await call("DELETE", `/v1/api-keys/${made.id}`, { key })).status).toBe(204)
      revoked.push(made)
    }
    const last = await create()
    const listed = list(await call("GET", "/v1/api-keys", { key })).map(({ id }) => id)
    const kept = revoked.slice(-3)
    expect(listed.slice(0, -1)).toEqual([last, ...kept.toReversed()].map(({ id }) => id))
    expect(listed).toHaveLength(5)
    const whoami = async (of: string) => (await call("GET", "/v1/session", { key: of })).json.code
    expect(await Promise.all(kept.map((each) => whoami(each.key)))).toEqual(kept.map(() => "key_revoked"))
    for (const each of [lent, ...revoked.slice(0, 3)]) {
      expect(await whoami(each.key)).toBe("key_unknown")
      expect((await call("DELETE", `/v1/api-keys/${each.id}`, { key })).status).toBe(404)
    }
    await engine.registry.reload()
    expect(list(await call("GET", "/v1/api-keys", { key }))).toHaveLength(5)
    const done = list(await call("GET", "/v1/audit-log?limit=200", { key })).map(({ action }) => action)
    expect(done.filter((action) => action === "api_key.created")).toHaveLength(8)
    expect(done.filter((action) => action === "api_key.revoked")).toHaveLength(6)
  })

  it("gets no more event types of its own until one is deleted; the profile's do not count", async () => {
    const { call, workspaceKey } = await runApi({ caps: { eventTypes: 2 } })
    const key = await workspaceKey()
    const create = (name: string) => call("POST", "/v1/event-types", { key, body: { name } })
    expect((await create("own.a")).status).toBe(201)
    expect((await create("own.b")).status).toBe(201)
    expect(await create("own.c")).toMatchObject(full)
    // That it is there already is what there is to know.
    expect((await create("own.a")).json.code).toBe("event_type_exists")
    expect((await call("PUT", "/v1/event-types/own.a", { key, body: { description: "anew" } })).status).toBe(200)
    expect((await call("DELETE", "/v1/event-types/own.a", { key })).status).toBe(204)
    expect((await create("own.c")).status).toBe(201)
  })
})

it("twice the webhooks that are measured in one workspace are within the cap", () => {
  expect(workspaceCaps.webhooks).toBeGreaterThanOrEqual(2 * 10_000)
})

import { describe, expect, it } from "vitest"
import type { ConfigChange, Store } from "../../src/ports/store.ts"
import { adminKey, list, type RunningApi, runApi, text, violationEvent } from "./running-api.ts"

const rotation = "/v1/encryption-key/rotation"

async function keyIds({ store }: RunningApi): Promise<Set<string | undefined>> {
  return new Set((await store.loadConfig()).webhooks.flatMap(({ sealed }) => sealed?.split(".")[0] ?? []))
}

describe("changing the encryption key while the server runs", () => {
  it("seals every workspace's webhooks anew, and changes nothing else", async () => {
    const api = await runApi()
    const { call, workspaceKey, webhook } = api
    const keys = [await workspaceKey(), await workspaceKey("cybervault")] as const
    const ids: string[] = []
    for (const key of keys) for (let n = 0; n < 3; n++) ids.push(text((await webhook(key)).id))
    await call("DELETE", `/v1/webhooks/${ids[0]}`, { key: keys[0] })
    const before = await Promise.all(keys.map((key) => call("GET", "/v1/webhooks", { key })))
    const oldIds = await keyIds(api)

    const rotated = await call("POST", rotation, { key: adminKey })
    expect(rotated).toMatchObject({ status: 200, json: { made: true, resealed: 5, left: 0, left_webhooks: [] } })
    expect(await keyIds(api)).toEqual(new Set([rotated.json.key_id]))
    expect(oldIds).not.toContain(rotated.json.key_id)
    const after = await Promise.all(keys.map((key) => call("GET", "/v1/webhooks", { key })))
    expect(after.map(({ json }) => json)).toEqual(before.map(({ json }) => json))
    expect((await call("GET", `/v1/webhooks/${ids[1]}/secret`, { key: keys[0] })).json.secret).toBe(
      "your-webhook-secret",
    )
    const [entry] = list(await call("GET", "/v1/audit-log", { key: keys[1] }))
    expect(entry).toMatchObject({
      action: "encryption_key.rotated",
      actor: { kind: "admin" },
      after: { key_id: rotated.json.key_id, webhooks: 3 },
    })
  })

  it("needs the admin key", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    expect((await call("POST", rotation, { key })).json.code).toBe("admin_key_required")
    expect((await call("POST", rotation)).status).toBe(401)
  })

  it("keeps what a customer changes meanwhile", async () => {
    let meanwhile: (() => Promise<void>) | null = null
    const isReseal = (changes: readonly ConfigChange[]) => changes.some(({ kind }) => kind === "webhook")
    const wrapStore = (store: Store): Store => ({
      ...store,
      configure: async (changes, audit) => {
        const change = meanwhile
        if (change !== null && isReseal(changes)) {
          meanwhile = null
          await change()
        }
        return store.configure(changes, audit)
      },
    })
    const api = await runApi({ wrapStore })
    const { call, workspaceKey, webhook } = api
    const key = await workspaceKey()
    const { id } = await webhook(key)
    await webhook(key)
    meanwhile = async () => {
      const body = { description: "changed meanwhile", secret: "another-secret" }
      expect((await call("PUT", `/v1/webhooks/${id}`, { key, body })).status).toBe(200)
    }
    const rotated = await call("POST", rotation, { key: adminKey })
    expect(rotated.json).toMatchObject({ left: 0 })
    expect(await keyIds(api)).toEqual(new Set([rotated.json.key_id]))
    expect((await call("GET", `/v1/webhooks/${id}`, { key })).json.description).toBe("changed meanwhile")
    expect((await call("GET", `/v1/webhooks/${id}/secret`, { key })).json.secret).toBe("another-secret")
  })

  it("names the webhooks that it could not seal anew", async () => {
    let stubborn: unknown = null
    const wrapStore = (store: Store): Store => ({
      ...store,
      configure: async (changes, audit) =>
        changes.some((change) => change.kind === "webhook" && change.put.id === stubborn)
          ? "conflict"
          : store.configure(changes, audit),
    })
    const { call, workspaceKey, webhook } = await runApi({ wrapStore })
    const [busy, calm] = [await workspaceKey(), await workspaceKey()]
    const { id } = await webhook(busy)
    await webhook(calm)
    stubborn = id
    const rotated = await call("POST", rotation, { key: adminKey })
    const workspaceId = expect.stringMatching(/^ws_/)
    expect(rotated.json).toMatchObject({ resealed: 1, left: 1, left_webhooks: [{ workspace_id: workspaceId, id }] })
    // Its old key still opens it, and the next time takes it up.
    expect((await call("GET", `/v1/webhooks/${id}/secret`, { key: busy })).json.secret).toBe("your-webhook-secret")
    stubborn = null
    expect((await call("POST", rotation, { key: adminKey })).json).toMatchObject({ resealed: 2, left: 0 })
  })

  it("has nothing to do for what was deleted: its secrets went with it", async () => {
    const stored: ConfigChange[] = []
    const wrapStore = (store: Store): Store => ({
      ...store,
      configure: (changes, ...rest) => {
        stored.push(...changes)
        return store.configure(changes, ...rest)
      },
    })
    const { call, workspaceKey, webhook } = await runApi({ wrapStore })
    const key = await workspaceKey()
    const { id } = await webhook(key, { headers: { "X-Api-Key": "a-credential" } })
    await webhook(key)
    await call("DELETE", `/v1/webhooks/${id}`, { key })
    expect(stored.at(-1)).toMatchObject({ kind: "webhook", put: { id, sealed: null } })
    const [workspace] = list(await call("GET", "/v1/workspaces", { key: adminKey }))
    await call("DELETE", `/v1/workspaces/${workspace?.id}`, { key: adminKey })
    expect((await call("POST", rotation, { key: adminKey })).json).toMatchObject({ resealed: 0, left: 0 })
  })

  it("leaves a deleted webhook's log readable, after a restart too", async () => {
    const { call, workspaceKey, webhook, engine } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    await call("POST", "/v1/events", { key, body: violationEvent })
    await call("DELETE", `/v1/webhooks/${id}`, { key })
    await engine.registry.reload()
    const [delivery] = list(await call("GET", `/v1/deliveries?webhook_id=${id}`, { key }))
    expect((await call("GET", `/v1/deliveries/${delivery?.id}`, { key })).status).toBe(200)
    expect((await call("GET", `/v1/webhooks/${id}/secret`, { key })).status).toBe(404)
  })

  it("asked for twice at once, makes one key", async () => {
    const api = await runApi()
    await api.webhook(await api.workspaceKey())
    const [one, other] = await Promise.all([1, 2].map(() => api.call("POST", rotation, { key: adminKey })))
    expect(one?.json).toEqual(other?.json)
  })
})

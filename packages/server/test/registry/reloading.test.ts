import { expect, test } from "vitest"
import { asId, type WebhookId } from "../../src/domain/ids.ts"
import type { ApiKey } from "../../src/domain/workspace.ts"
import { Registry } from "../../src/registry/registry.ts"
import { openMemoryStore } from "../../src/stores/memory/open-memory-store.ts"
import { plainWebhook } from "../plain-webhook.ts"

const sealing = { seal: (clear: string) => clear, open: (sealed: string) => sealed }

test("a key revoked while the configuration is being read anew stays revoked", async () => {
  const store = openMemoryStore()
  let holdUp: Promise<void> = Promise.resolve()
  const slow = {
    configure: store.configure.bind(store),
    async loadConfig() {
      const snapshot = await store.loadConfig()
      await holdUp
      return snapshot
    },
  }
  const registry = await Registry.load(slow, sealing)
  const workspace = { id: asId<ApiKey["workspaceId"]>("ws_1"), name: "acme", profile: "standard" } as const
  await registry.change(
    [{ kind: "workspace", put: { ...workspace, engineVersion: null, createdMs: 0, version: 1 } }],
    [],
  )
  const key: ApiKey = {
    id: asId("key_1"),
    workspaceId: workspace.id,
    name: "ci",
    scopes: [],
    prefix: "tk_1234567",
    hash: "0".repeat(64),
    createdMs: 0,
    expiresMs: null,
    revokedMs: null,
  }
  await registry.change([{ kind: "apiKey", put: key }], [])

  let goOn = () => {}
  holdUp = new Promise((resolve) => {
    goOn = resolve
  })
  const reloaded = registry.reload()
  // The snapshot has been taken and is on its way.
  await new Promise((resolve) => setImmediate(resolve))
  await registry.change([{ kind: "apiKey", put: { ...key, revokedMs: 5 } }], [])
  goOn()
  await reloaded
  expect(registry.keyByHash(key.hash)?.revokedMs).toBe(5)
})

test("what a workspace has is counted alike where it was changed and where it was read, over deletions and repetitions", async () => {
  const store = openMemoryStore()
  const [here, there] = [await Registry.load(store, sealing), await Registry.load(store, sealing)]
  const workspaceId = asId<ApiKey["workspaceId"]>("ws_1")
  const workspace = { id: workspaceId, name: "acme", profile: "standard", engineVersion: null, createdMs: 0 } as const
  await here.change([{ kind: "workspace", put: { ...workspace, version: 1 } }], [])
  const webhooks = ["wh_1", "wh_2", "wh_3"].map((id) =>
    plainWebhook(0, { id: asId<WebhookId>(id), workspaceId, url: "https://receiver.example/" }),
  )
  await here.change(
    webhooks.map((put) => ({ kind: "webhook", put })),
    [],
  )
  const [first] = webhooks
  if (first === undefined) throw new Error("there are three")
  await here.change([{ kind: "webhook", put: { ...first, version: 2, deletedMs: 5 } }], [])
  await here.change([{ kind: "workspace", put: { ...workspace, name: "Acme", version: 2 } }], [])
  await there.reload()
  await there.reload()
  for (const registry of [here, there]) {
    expect(registry.counts(workspaceId, 10)).toEqual({ webhooks: 2, apiKeys: 0, eventTypes: 0 })
    expect(registry.webhooks(workspaceId)).toHaveLength(2)
  }
})

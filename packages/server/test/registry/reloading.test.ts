import { expect, test } from "vitest"
import { asId, type WebhookId } from "../../src/domain/ids.ts"
import type { Webhook } from "../../src/domain/webhook.ts"
import type { ApiKey } from "../../src/domain/workspace.ts"
import { Registry } from "../../src/registry/registry.ts"
import { openMemoryStore } from "../../src/stores/memory/open-memory-store.ts"
import { apiKeyOf } from "../contracts/store-fixtures.ts"
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

/** A workspace that two nodes know, and its webhooks as one of them makes and deletes them. */
async function twoNodes() {
  const store = openMemoryStore()
  const workspaceId = asId<ApiKey["workspaceId"]>("ws_1")
  const here = await Registry.load(store, sealing)
  const workspace = { id: workspaceId, name: "acme", profile: "standard", engineVersion: null, createdMs: 0 } as const
  await here.change([{ kind: "workspace", put: { ...workspace, version: 1 } }], [])
  const there = await Registry.load(store, sealing)
  const make = async (id: string) => {
    const put = plainWebhook(0, { id: asId<WebhookId>(id), workspaceId, url: "https://receiver.example/" })
    await here.change([{ kind: "webhook", put }], [])
    return put
  }
  const remove = (webhook: Webhook) =>
    here.change([{ kind: "webhook", put: { ...webhook, version: webhook.version + 1, deletedMs: 5 } }], [])
  return { store, workspaceId, here, there, make, remove }
}

test("of webhooks that come and go for ever, memory keeps some of the last deleted, wherever it is heard of", async () => {
  const { store, workspaceId, here, there, make, remove } = await twoNodes()
  const stays = await make("wh_stays")
  const gone: Webhook[] = []
  for (let round = 0; round < 30; round++) {
    const made = await Promise.all(Array.from({ length: 100 }, (_, n) => make(`wh_${round}_${n}`)))
    await there.reload()
    for (const webhook of made) await remove(webhook)
    await there.reload()
    gone.push(...made)
  }
  for (const registry of [here, there, await Registry.load(store, sealing)]) {
    const kept = gone.filter(({ id }) => registry.webhookOrTombstone(workspaceId, id) !== undefined)
    expect(kept.length).toBeLessThanOrEqual(1_000)
    expect(registry.webhooks(workspaceId).map(({ id }) => id)).toEqual([stays.id])
    expect(registry.counts(workspaceId, 10).webhooks).toBe(1)
  }
})

test("whoever reads everything anew learns what was deleted elsewhere, and says so once", async () => {
  const { store, workspaceId, there, make, remove } = await twoNodes()
  const webhook = await make("wh_1")
  await there.reload()
  const told: (number | null)[] = []
  there.onWebhook(({ deletedMs }) => told.push(deletedMs))
  await remove(webhook)
  await there.reload()
  await there.reload()
  expect(there.webhook(workspaceId, webhook.id)).toBeUndefined()
  expect(told).toEqual([expect.any(Number)])
  // Nor does a start read it, however many there are.
  expect((await store.loadConfig()).webhooks).toEqual([])
})

test("a key that was forgotten elsewhere is forgotten here, whether it is heard of by its name or not", async () => {
  const { store, workspaceId, here, there } = await twoNodes()
  const third = await Registry.load(store, sealing)
  const key = apiKeyOf(workspaceId)
  await here.change([{ kind: "apiKey", put: key }], [])
  for (const registry of [there, third]) await registry.reload()
  expect(there.keyByHash(key.hash)).toEqual(key)
  await here.change([{ kind: "apiKeyForgotten", workspaceId, id: key.id }], [])
  await there.reload()
  await third.reloadChanged({
    names: [{ kind: "apiKey", workspaceId, id: key.id }],
    read: async () => ({ workspaces: [], apiKeys: [], webhooks: [], eventTypes: [] }),
  })
  for (const registry of [here, there, third]) {
    expect(registry.keys(workspaceId)).toEqual([])
    expect(registry.keyByHash(key.hash)).toBeUndefined()
    expect(registry.workspace(workspaceId)).toBeDefined()
  }
})

test("what was deleted elsewhere is not brought back by the late answer to an earlier change", async () => {
  const { store, workspaceId, here, make, remove } = await twoNodes()
  const answer = Promise.withResolvers<void>()
  const late = await Registry.load(
    {
      loadConfig: store.loadConfig,
      async configure(...change) {
        const outcome = await store.configure(...change)
        await answer.promise
        return outcome
      },
    },
    sealing,
  )
  const webhook = await make("wh_1")
  await late.reload()
  const changed = late.change([{ kind: "webhook", put: { ...webhook, version: 2, active: false } }], [])
  await new Promise((resolve) => setImmediate(resolve))
  await here.reload()
  await remove({ ...webhook, version: 2 })
  await late.reload()
  answer.resolve()
  expect(await changed).toBe("done")
  expect(late.webhook(workspaceId, webhook.id)).toBeUndefined()
})

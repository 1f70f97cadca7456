import { expect, test } from "vitest"
import { asId } from "../../src/domain/ids.ts"
import type { ApiKey } from "../../src/domain/workspace.ts"
import { Registry } from "../../src/registry/registry.ts"
import { openMemoryStore } from "../../src/stores/memory/open-memory-store.ts"

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

import { expect, test } from "vitest"
import { KeyUse } from "../../src/api/key-use.ts"
import { asId, type WorkspaceId } from "../../src/domain/ids.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"
import { apiKeyOf, t0 } from "../contracts/store-fixtures.ts"

test("a use of a key while an earlier one is being written is written next", async () => {
  const written: (readonly number[])[] = []
  const commit = Promise.withResolvers<void>()
  const store = {
    touchKeys(used: readonly { readonly atMs: number }[]) {
      written.push(used.map(({ atMs }) => atMs))
      return commit.promise
    },
  }
  const use = new KeyUse(store, new VirtualClock(), (error) => {
    throw error
  })
  const key = apiKeyOf(asId<WorkspaceId>("ws_1"))
  use.note(key, t0)
  const flushed = use.flush()
  use.note(key, t0 + 1)
  commit.resolve()
  await flushed
  expect(use.lastUsedMs(key.id)).toBe(t0 + 1)
  await use.flush()
  await use.flush()
  expect(written).toEqual([[t0], [t0 + 1]])
})

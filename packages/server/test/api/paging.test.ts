import { expect, test } from "vitest"
import { cut, newestFirst } from "../../src/api/paging.ts"

test("a list in memory is paged by its ids, in whatever order this node heard of them", () => {
  const items = ["wh_0300", "wh_0100", "wh_0400", "wh_0200"]
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const query = { limit: 1, ...(cursor !== undefined && { cursor }) }
    const { shown, next } = cut(
      query,
      newestFirst(query, items, (id) => id),
      (id) => id,
    )
    seen.push(...shown)
    cursor = next ?? undefined
  } while (cursor !== undefined)
  expect(seen).toEqual(["wh_0400", "wh_0300", "wh_0200", "wh_0100"])
})

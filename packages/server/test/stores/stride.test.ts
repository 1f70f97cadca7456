import { expect, test } from "vitest"
import { pageFrom } from "../../src/stores/stride.ts"

test("a list that nobody waits for any more makes no further stride", async () => {
  const gone = new AbortController()
  const from: (string | null)[] = []
  const page = pageFrom(10, null, gone.signal, async (_limit, before) => {
    from.push(before)
    if (from.length === 2) gone.abort()
    return { items: ["found"], resumeBefore: `stride ${from.length}` }
  })
  await expect(page).rejects.toMatchObject({ name: "AbortError" })
  expect(from).toEqual([null, "stride 1"])
})

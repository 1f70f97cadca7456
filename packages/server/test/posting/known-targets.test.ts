import { expect, test } from "vitest"
import { KnownTargets } from "../../src/posting/thread/known-targets.ts"
import { postTo } from "./posters.ts"

const tls = { client: null, authority: "PEM" }

test("a webhook is told of once, and anew when it has changed, under the same number", () => {
  const known = new KnownTargets()
  const [webhook] = postTo("https://receiver.test/hook")
  const number = known.numberOf(webhook, "standard")
  expect(known.numberOf(webhook, "standard")).toBe(number)
  expect(known.told()).toMatchObject({ targets: [{ number, webhook: { url: webhook.url } }], forgotten: [] })
  expect(known.told()).toEqual({ targets: [], forgotten: [] })

  expect(known.changed({ ...webhook, url: "https://receiver.test/other" })).toBe(true)
  const last = { ...webhook, url: "https://receiver.test/last" }
  expect(known.changed(last)).toBe(true)
  expect(known.numberOf(last, "standard")).toBe(number)
  expect(known.told()).toMatchObject({ targets: [{ number, webhook: { url: last.url } }], forgotten: [] })
})

test("what crosses of a webhook is what posting needs", () => {
  const known = new KnownTargets()
  const [webhook] = postTo("https://receiver.test/hook", { description: "ours" })
  known.numberOf(webhook, "standard")
  expect(Object.keys(known.told().targets[0]?.webhook ?? {}).sort()).toEqual(
    ["authorization", "headers", "id", "secrets", "timeoutSeconds", "tls", "url"].sort(),
  )
})

test("a deleted webhook is forgotten, one that was never posted to need not be", () => {
  const known = new KnownTargets()
  const [[webhook], [other]] = [postTo("https://receiver.test/hook"), postTo("https://receiver.test/other")]
  const number = known.numberOf(webhook, "standard")
  // Told all the same: a post to it may be on its way in the same message.
  expect(known.changed({ ...webhook, deletedMs: 1 })).toBe(true)
  expect(known.told()).toMatchObject({ targets: [{ number }], forgotten: [number] })
  expect(known.told()).toEqual({ targets: [], forgotten: [] })
  expect(known.changed({ ...other, deletedMs: 1 })).toBe(false)
  expect(known.numberOf(webhook, "standard")).not.toBe(number)
})

test("when too many are known all are forgotten and told anew; certificates count for twenty", () => {
  const known = new KnownTargets(22)
  const secured = postTo("https://receiver.test/secured", { tls })
  const plain = [1, 2, 3].map(() => postTo("https://receiver.test/hook"))
  const numbers = [secured, ...plain].map(([webhook]) => known.numberOf(webhook, "standard"))
  expect(known.told().forgotten).toEqual(numbers.slice(0, 3))
  expect(known.numberOf(secured[0], "standard")).toBeGreaterThan(numbers[3] ?? 0)
})

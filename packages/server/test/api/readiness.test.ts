import { describe, expect, it } from "vitest"
import type { HealthCheck } from "../../src/api/api-parts.ts"
import { readiness } from "../../src/api/instance/readiness.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"
import { runApi } from "./running-api.ts"

/** A check that answers what it is told to, and counts. */
function scripted(name: string) {
  const check = { name, asked: 0, answer: (): Promise<string | null> => Promise.resolve(null) }
  const asHealthCheck: HealthCheck = {
    name,
    check() {
      check.asked += 1
      return check.answer()
    },
  }
  return Object.assign(check, { asHealthCheck })
}

describe("readiness", () => {
  it("is asked of the parts about once a second, however many ask", async () => {
    const clock = new VirtualClock()
    const store = scripted("store")
    const ask = readiness([store.asHealthCheck], clock)
    expect(await Promise.all(Array.from({ length: 100 }, ask))).toEqual(Array.from({ length: 100 }, () => null))
    expect(await ask()).toBeNull()
    expect(store.asked).toBe(1)
    store.answer = () => Promise.resolve("the disk is full")
    await clock.advance(1_000)
    expect(await ask()).toBe("store: the disk is full")
    expect(await ask()).toBe("store: the disk is full")
    expect(store.asked).toBe(2)
    store.answer = () => Promise.resolve(null)
    await clock.advance(1_000)
    expect(await ask()).toBeNull()
  })

  it("does not begin again while an answer is under way", async () => {
    const clock = new VirtualClock()
    const store = scripted("store")
    const slow = Promise.withResolvers<string | null>()
    store.answer = () => slow.promise
    const ask = readiness([store.asHealthCheck], clock)
    const first = ask()
    await clock.advance(60_000)
    const second = ask()
    slow.resolve("slow")
    expect([await first, await second, await ask()]).toEqual(["store: slow", "store: slow", "store: slow"])
    expect(store.asked).toBe(1)
  })

  it("names every part that is not well, also one whose check fails", async () => {
    const [store, dispatcher, well] = [scripted("store"), scripted("dispatcher"), scripted("well")]
    store.answer = () => Promise.reject(new Error("no connection"))
    dispatcher.answer = () => Promise.resolve("it is not running")
    const ask = readiness(
      [store, dispatcher, well].map(({ asHealthCheck }) => asHealthCheck),
      new VirtualClock(),
    )
    expect(await ask()).toBe("store: no connection; dispatcher: it is not running")
  })

  it("is a question to the engine too, which tells whether it sends", async () => {
    const { engine } = await runApi()
    expect(engine.running()).toBe(true)
    await engine.stop()
    expect(engine.running()).toBe(false)
  })
})

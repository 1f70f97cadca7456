import { describe, expect, it } from "vitest"
import { until, within } from "../load/waiting-until.ts"

describe("waiting", () => {
  it("ends when it is so", async () => {
    let asked = 0
    await until("the third time", async () => ++asked === 3, 1, 10_000)
    expect(asked).toBe(3)
    expect(await within("an answer", Promise.resolve(42), 10_000)).toBe(42)
  })

  it("ends with what was waited for when that takes too long, and with what went wrong before", async () => {
    await expect(until("2 of 3 deliveries", async () => false, 1, 20)).rejects.toThrow("2 of 3 deliveries: not within")
    await expect(within("an answer", new Promise(() => {}), 20)).rejects.toThrow("an answer: not within 20 ms")
    await expect(within("an answer", Promise.reject(new Error("it ended")), 10_000)).rejects.toThrow("it ended")
  })
})

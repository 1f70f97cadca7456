import { describe, expect, it } from "vitest"
import { type CleaningUp, cleanedUp } from "../load/cleaning-up.ts"

describe("what a benchmark starts", () => {
  function started(cleaning: CleaningUp) {
    const stopped: string[] = []
    const start = (name: string, fails = false) =>
      cleaning.later(async () => {
        stopped.push(name)
        if (fails) throw new Error(`${name} does not stop`)
      })
    return { start, stopped }
  }

  it("is stopped in the end, the last first", async () => {
    const stopped = await cleanedUp(async (cleaning) => {
      const { start, stopped } = started(cleaning)
      start("database")
      start("server")
      expect(stopped).toEqual([])
      return stopped
    })
    expect(stopped).toEqual(["server", "database"])
  })

  it("is stopped when the next does not start, and that is what is told, even when stopping fails as well", async () => {
    let all: readonly string[] = []
    const failing = cleanedUp(async (cleaning) => {
      const { start, stopped } = started(cleaning)
      all = stopped
      start("database")
      start("server", true)
      throw new Error("no Redis")
    })
    await expect(failing).rejects.toThrow("no Redis")
    expect(all).toEqual(["server", "database"])
  })

  it("is stopped also when one of it does not stop, which is told", async () => {
    let all: readonly string[] = []
    const failing = cleanedUp(async (cleaning) => {
      const { start, stopped } = started(cleaning)
      all = stopped
      start("database")
      start("server", true)
    })
    await expect(failing).rejects.toThrow("server does not stop")
    expect(all).toEqual(["server", "database"])
  })
})

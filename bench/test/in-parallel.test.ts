import { expect, it } from "vitest"
import { inParallel } from "../load/in-parallel.ts"

it("batches cover everything once, no more of them at a time than allowed", async () => {
  const taken: number[] = []
  let [underWay, most] = [0, 0]
  await inParallel({ all: 23, each: 5, atOnce: 2 }, async (from, count) => {
    most = Math.max(most, ++underWay)
    taken.push(...Array.from({ length: count }, (_, at) => from + at))
    await new Promise(setImmediate)
    underWay--
  })
  expect(taken.sort((a, b) => a - b)).toEqual(Array.from({ length: 23 }, (_, at) => at))
  expect(most).toBe(2)
})

it("a batch that fails is told", async () => {
  const failing = inParallel({ all: 10, each: 5, atOnce: 2 }, async (from) => {
    if (from > 0) throw new Error("refused")
  })
  await expect(failing).rejects.toThrow("refused")
})

import { readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { expect, test } from "vitest"
import { catchAll } from "./catching.ts"
import { mutated } from "./mutant.ts"
import { mutants } from "./mutants.ts"

test("every deliberate fault still finds the code it was written for", () => {
  expect(mutants.length).toBeGreaterThan(15)
  for (const mutant of mutants) {
    const source = readFileSync(new URL(`../../../src/${mutant.file}`, import.meta.url), "utf8")
    expect(mutated(source, mutant)).not.toBe(source)
  }
})

test("every deliberate fault is caught: what is promised is really checked", async () => {
  const results = await catchAll(Math.min(4, availableParallelism()), () => {})
  expect(results).toHaveLength(mutants.length)
  expect(results.filter(({ seed }) => seed === null).map(({ mutant }) => mutant)).toEqual([])
}, 600_000)

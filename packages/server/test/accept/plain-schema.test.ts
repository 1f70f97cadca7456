import vm from "node:vm"
import { describe, expect, it, vi } from "vitest"
import { plainParts } from "../../src/accept/plain-schema.ts"
import { compileAll, ownFlaws } from "../../src/accept/schema-check.ts"

const clock = { monotonic: () => performance.now() }

function checked(schema: object, data: unknown) {
  const check = { schema: { ...schema }, data, characters: JSON.stringify(data).length }
  expect(compileAll([check])).toBe(true)
  return ownFlaws(clock, [check])
}

describe("a schema that asks plain things", () => {
  it("is counted by what it asks", () => {
    expect(plainParts(true)).toBe(1)
    expect(plainParts({ title: "nothing", description: "asked" })).toBe(1)
    expect(plainParts({ type: "object", required: ["a", "b"], properties: { a: { maxLength: 3 }, b: false } })).toBe(7)
    expect(plainParts({ items: { anyOf: [{ enum: [1, "2", null] }, { format: "date-time" }] } })).toBe(8)
  })

  it.each<readonly [string, object]>([
    ["a pattern", { properties: { s: { pattern: "^(a+)+$" } } }],
    ["patterns for names", { patternProperties: { "^(a+)+$": true } }],
    ["names that have to fit", { propertyNames: { pattern: "a*a*b" } }],
    ["unique items", { items: { uniqueItems: true } }],
    ["a reference", { properties: { child: { $ref: "#" } } }],
    ["definitions, which only references need", { $defs: { a: true } }],
    ["values to compare with as a whole", { enum: [{ a: 1 }] }],
    ["a constant to compare with as a whole", { const: [1, 2] }],
    ["a format whose pattern goes back", { format: "email" }],
    ["what is unevaluated", { unevaluatedProperties: false }],
    ["what may come with a later version", { properties: { s: { somethingNew: 1 } } }],
    ["nothing that is a schema", { properties: { s: 5 } }],
  ])("is not one with %s", (_what, schema) => {
    expect(plainParts(schema)).toBeNull()
  })

  it("is checked as any other, without a watch beside it as long as event and schema are small", () => {
    const watches = vi.spyOn(vm.Script.prototype, "runInContext")
    const schema = { type: "object", required: ["a"], properties: { a: { type: "string", maxLength: 3 } } }
    const compiling = watches.mock.calls.length
    expect(checked(schema, { a: "abc" }).flaws).toEqual([null])
    expect(checked(schema, { a: "abcd" }).flaws).toMatchObject([{ pointer: "/a" }])
    expect(checked(schema, {}).flaws).toMatchObject([{ pointer: "/a", detail: "is required" }])
    // Compiling is watched, three times.
    expect(watches.mock.calls.length - compiling).toBe(3)
    expect(checked(schema, { a: "abc", b: "b".repeat(100_000) }).flaws).toEqual([null])
    expect(watches.mock.calls.length - compiling).toBe(5)
    watches.mockRestore()
  })
})

const times = <Each>(count: number, make: (index: number) => Each): Each[] =>
  Array.from({ length: count }, (_, i) => make(i))
const eachItem = (...asked: readonly unknown[]) => ({ items: { anyOf: [...asked, true] } })

/** What takes longest of all that is let through, as far as was found. */
describe("however it is put together, what is not watched takes some 20 ms at most", () => {
  it.each<readonly [string, object, (characters: number) => unknown]>([
    ["other kinds", eachItem(...times(99, () => ({ type: "string" }))), (room) => times(room / 2, () => 1)],
    ["missing names", eachItem(...times(50, () => ({ required: ["a"] }))), (room) => times(room / 3, () => ({}))],
    ["divisors", eachItem(...times(99, () => ({ multipleOf: 0.7 }))), (room) => times(room / 2, () => 1)],
    ["one long text", eachItem(...times(99, () => ({ format: "date-time" }))), (room) => ["t".repeat(room - 5)]],
    [
      "exactly one of many",
      { items: { oneOf: [...times(99, () => ({ type: "string" })), true] } },
      (room) => times(room / 2, () => 1),
    ],
  ])("%s", (_what, schema, fill) => {
    const parts = plainParts(schema) ?? 0
    expect(parts).toBeGreaterThan(50)
    const check = { schema: { ...schema }, data: fill(Math.floor(300_000 / parts) - 2), characters: 0 }
    const characters = JSON.stringify(check.data).length
    expect(characters * parts).toBeGreaterThan(200_000)
    expect(characters * parts).toBeLessThanOrEqual(300_000)
    expect(compileAll([check])).toBe(true)
    const before = process.threadCpuUsage()
    const { flaws } = ownFlaws(clock, [{ ...check, characters }])
    const { user, system } = process.threadCpuUsage(before)
    expect(flaws).toEqual([null])
    // Ten times as much as on a machine that has time for it.
    expect((user + system) / 1_000).toBeLessThan(200)
  })
})

import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { UsageError } from "../../src/cli/running/failures.ts"
import { treeOf, treeText } from "../../src/cli/triggering/json-tree.ts"
import { applySetting, fromText, readSetting } from "../../src/cli/triggering/set-values.ts"

const sample = {
  violation: { severity: "HIGH", account_id: "123", score: 87.5, open: true, tags: { team: "platform" }, owner: null },
  frameworks: ["SOC2"],
  "dotted.name": 1,
}

function changed(...settings: string[]): string {
  const data = treeOf(sample)
  for (const each of settings) applySetting(data, readSetting(each))
  return treeText(data)
}

function value(...settings: string[]): unknown {
  return JSON.parse(changed(...settings))
}

describe("--set", () => {
  it("replaces a value and leaves all others, and their order, alone", () => {
    expect(changed("data.violation.severity=LOW")).toBe(JSON.stringify(sample).replace("HIGH", "LOW"))
  })

  it("tells what it replaced from what it added", () => {
    const outcome = (setting: string) => applySetting(treeOf(sample), readSetting(setting))
    expect(outcome("data.violation.severity=LOW")).toBe("replaced")
    expect(outcome("data.violation.owner=us")).toBe("replaced")
    expect(outcome("data.frameworks.+=ISO")).toBe("replaced")
    expect(outcome("data.violation.severty=LOW")).toBe("added")
    expect(outcome("data.violaton.severity=LOW")).toBe("added")
  })

  it("keeps the type that stands there: a string of digits stays one, a number has to be one", () => {
    expect(value("data.violation.account_id=456")).toHaveProperty("violation.account_id", "456")
    expect(value("data.violation.score=12")).toHaveProperty("violation.score", 12)
    expect(value("data.violation.open=false")).toHaveProperty("violation.open", false)
    expect(() => changed("data.violation.score=high")).toThrow(/a number stands there/)
    expect(() => changed("data.violation.open=1")).toThrow(/true or false/)
    expect(() => changed("data.violation.tags=x")).toThrow(/an object stands there/)
    expect(() => changed("data.frameworks=x")).toThrow(/an array stands there/)
  })

  it.each(["12345678901234567890", "1.0", "1e3", "-0", "0.1000"])("writes the number %s as it was given", (number) => {
    expect(changed(`data.violation.score=${number}`)).toContain(`"score":${number},`)
    expect(changed(`data.new:=${number}`)).toContain(`"new":${number}}`)
    expect(changed(`data.new:={"a":[${number}]}`)).toContain(`"new":{"a":[${number}]}}`)
  })

  it("takes JSON after :=, whatever stands there", () => {
    expect(value("data.violation.score:=null")).toHaveProperty("violation.score", null)
    expect(value('data.violation.severity:={"level":3}')).toHaveProperty("violation.severity.level", 3)
    expect(() => changed("data.violation.severity:=LOW")).toThrow(/is not JSON/)
  })

  it("makes what does not exist yet: JSON where it reads as JSON, else a string", () => {
    expect(value("data.violation.a.b=1", "data.violation.a.c=x=y", "data.violation.owner=me")).toMatchObject({
      violation: { a: { b: 1, c: "x=y" }, owner: "me" },
    })
  })

  it("reaches into arrays, and adds to them", () => {
    expect(value("data.frameworks.0=PCI", "data.frameworks.+=HIPAA", "data.frameworks.2=27001")).toMatchObject({
      frameworks: ["PCI", "HIPAA", "27001"],
    })
    expect(() => changed("data.frameworks.5=x")).toThrow(/has 1 elements/)
    expect(() => changed("data.frameworks.first=x")).toThrow(/has 1 elements/)
    expect(value("data.items:=[]", "data.items.+.name=x")).toMatchObject({ items: [{ name: "x" }] })
  })

  it("knows a dot within a name by its backslash", () => {
    expect(value("data.dotted\\.name=2")).toHaveProperty(["dotted.name"], 2)
    expect(value("data.a\\=b=2")).toHaveProperty(["a=b"], 2)
  })

  it.each(["", "data", "data=1", "=x", "data.=x", "data..a=x", "severity=LOW", "data.a", "constructor.a=1"])(
    "refuses %j and says how to write it",
    (text) => {
      expect(() => changed(text)).toThrow(UsageError)
    },
  )

  it("means nothing but names by names that JavaScript knows", () => {
    const before = JSON.stringify(Object.prototype)
    expect(changed("data.__proto__.polluted=yes")).toContain('"__proto__":{"polluted":"yes"}')
    expect(changed("data.constructor.prototype.polluted=yes")).toContain('"constructor":{"prototype"')
    expect(JSON.stringify(Object.prototype)).toBe(before)
    expect(({} as { polluted?: string }).polluted).toBeUndefined()
  })

  it("writes any JSON back as it was, and sets any string anywhere", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()), fc.string(), (data, text) => {
        expect(JSON.parse(treeText(fromText(JSON.stringify(data))))).toEqual(JSON.parse(JSON.stringify(data)))
        for (const name of Object.keys(data)) {
          const tree = treeOf(JSON.parse(JSON.stringify(data)))
          const path = name.replace(/[\\.=]/g, "\\$&").replace(/:$/, "\\:")
          applySetting(tree, readSetting(`data.${path}:=${JSON.stringify(text)}`))
          expect(new Map(Object.entries(JSON.parse(treeText(tree)))).get(name)).toBe(text)
        }
      }),
      { numRuns: 300 },
    )
  })
})

import fc from "fast-check"
import { expect, test } from "vitest"
import { elementTexts, memberTexts } from "../../src/domain/json-source.ts"

test("a member's text is what was written: digits, order, escapes and white space", () => {
  const json =
    '\n{ "type" : "a.b",\t"data":{ "b":1.0, "a":12345678901234567890,"2":[ 1e400 ,"}]\\"" ],"1":"\\u00e9" } }'
  expect(memberTexts(json).get("data")).toBe(
    '{ "b":1.0, "a":12345678901234567890,"2":[ 1e400 ,"}]\\"" ],"1":"\\u00e9" }',
  )
  expect(memberTexts(json).get("type")).toBe('"a.b"')
})

test("an escaped name is the name it stands for, and the last of two counts", () => {
  const repeated: string[] = []
  const members = memberTexts('{"d\\u0061ta":1,"data":2}', 0, (name) => repeated.push(name))
  expect(members.get("data")).toBe("2")
  expect(repeated).toEqual(["data"])
})

test("whatever the document, its slices parse to what the whole parses to", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 3), (object, indent) => {
      const json = JSON.stringify(object, null, indent)
      const sliced = [...memberTexts(json)].map(([name, text]) => [name, JSON.parse(text)])
      expect(new Map(sliced as [string, unknown][])).toEqual(new Map(Object.entries(JSON.parse(json))))
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 2), (array, indent) => {
      const json = JSON.stringify(array, null, indent)
      expect(elementTexts(json).map((text) => JSON.parse(text) as unknown)).toEqual(JSON.parse(json))
    }),
  )
})

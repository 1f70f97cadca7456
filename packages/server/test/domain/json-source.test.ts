import fc from "fast-check"
import { expect, test } from "vitest"
import { elementTexts, memberTexts, memberTextsOfEach } from "../../src/domain/json-source.ts"

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

test("a name that an object of an array repeats is told with the object's place", () => {
  const repeated: unknown[] = []
  const members = memberTextsOfEach(' [ {} , {"a":1, "b":{"a":2},"a":3},{"a":4}]', (name, at) =>
    repeated.push([name, at]),
  )
  expect(members.map((each) => Object.fromEntries(each))).toEqual([{}, { b: '{"a":2}', a: "3" }, { a: "4" }])
  expect(repeated).toEqual([["a", 1]])
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
  const hard = fc.stringMatching(/^[\\"{}[\],: a]{0,9}$/)
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(hard, fc.oneof(hard, fc.jsonValue()))),
      fc.constantFrom(0, 2),
      (objects, indent) => {
        const json = JSON.stringify(objects, null, indent)
        const sliced = memberTextsOfEach(json).map(
          (members) => new Map([...members].map(([name, text]): [string, unknown] => [name, JSON.parse(text)])),
        )
        const parsed: Record<string, unknown>[] = JSON.parse(json)
        expect(sliced).toEqual(parsed.map((object) => new Map(Object.entries(object))))
      },
    ),
  )
})

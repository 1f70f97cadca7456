import fc from "fast-check"
import { type Json, object } from "../api/running-api.ts"

/** What no schema asks for, and any parser meets. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(null, "", "\u0000", "\ud800", "🔔", -1, 0, 1e308, 2 ** 53, {}, [], "__proto__", "../..", "%00"),
  fc.string({ unit: "binary", maxLength: 40 }),
)

/**
 * Values for a JSON Schema as this API writes them: mostly fitting, so that what is behind the validation is reached
 * too, and sometimes anything at all.
 */
export function valueFor(schema: Json): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: fitting(schema) }, { weight: 1, arbitrary: anything })
}

function fitting(schema: Json): fc.Arbitrary<unknown> {
  const { type } = schema
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
  if (Array.isArray(type)) {
    return fc.oneof(...type.map((each) => (each === "null" ? fc.constant(null) : fitting({ ...schema, type: each }))))
  }
  switch (type) {
    case "object":
      return objects(schema)
    case "array":
      return fc.array(valueFor(object(schema.items ?? {})), { maxLength: 4 })
    case "string":
      return strings(schema)
    case "integer":
      return fc.integer({ min: numberOr(schema.minimum, -5), max: numberOr(schema.maximum, 1_000_000) })
    case "number":
      return fc.double({ min: numberOr(schema.minimum, -5), max: numberOr(schema.maximum, 1e6), noNaN: true })
    case "boolean":
      return fc.boolean()
    default:
      return anything
  }
}

function objects(schema: Json): fc.Arbitrary<unknown> {
  const properties = object(schema.properties ?? {})
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  const members = Object.entries(properties).map(
    ([name, inner]) =>
      [name, fc.option(valueFor(object(inner)), { freq: required.has(name) ? 30 : 2, nil: undefined })] as const,
  )
  const known = fc.record(Object.fromEntries(members))
  const extra = typeof schema.additionalProperties === "object" ? object(schema.additionalProperties ?? {}) : null
  if (members.length > 0 && extra === null) {
    // Now and then a member that is not known.
    return fc.oneof(
      { weight: 15, arbitrary: known },
      { weight: 1, arbitrary: fc.tuple(known, fc.dictionary(fc.string(), anything)).map(([a, b]) => ({ ...a, ...b })) },
    )
  }
  const value = extra === null ? anything : valueFor(extra)
  return fc.dictionary(fc.oneof(fc.string({ maxLength: 20 }), fc.stringMatching(/^X-[A-Z][a-z]{1,8}$/)), value, {
    maxKeys: 4,
  })
}

const times = fc.oneof(
  fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom("1969-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2025-02-30T00:00:00Z", "9999-12-31T23:59:59Z"),
)

function strings(schema: Json): fc.Arbitrary<string> {
  if (schema.format === "date-time") return times
  const likely = fc.constantFrom(
    "https://receiver.example/hook",
    "https://127.0.0.1/",
    "policy.violation.created",
    "policy.*",
    "*",
    "own.type",
    "your-webhook-secret",
    "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "24h",
    "HIGH",
    "name",
  )
  return fc.oneof(likely, fc.string({ maxLength: 60 }), fc.string({ unit: "binary", maxLength: 30 }))
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise
}

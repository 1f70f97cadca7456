import type { JsonSchema } from "../domain/workspace.ts"

type Kind = "note" | "bound" | "names" | "scalar" | "scalars" | "format" | "schema" | "schemas" | "named schemas"

/**
 * Keywords that look at each part of the data once. Not among them: patterns, which can be made to take for ever;
 * unique items, which compare each with each; references, which can go round, or double with each step.
 */
const keywords: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    note: ["$schema", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"],
    bound: [
      ...["type", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
      ...["minItems", "maxItems", "minProperties", "maxProperties"],
    ],
    names: ["required"],
    scalar: ["const"],
    scalars: ["enum"],
    format: ["format"],
    schema: ["items", "additionalProperties", "not", "if", "then", "else"],
    schemas: ["allOf", "anyOf", "oneOf", "prefixItems"],
    "named schemas": ["properties"],
  } satisfies Record<Kind, readonly string[]>).flatMap(([kind, names]) =>
    names.map((name): [string, Kind] => [name, kind as Kind]),
  ),
)

/** Those of Ajv's that are read from front to back. */
const formats: ReadonlySet<unknown> = new Set(["date-time", "date", "time", "uuid", "ipv4"])

/**
 * How many things a schema asks, when to ask each of them takes no longer than to read the data: checking then takes at
 * most this times the data's length, whatever the data is made to be.
 *
 * @returns null for a schema of which that cannot be told.
 */
export function plainParts(schema: unknown): number | null {
  if (typeof schema === "boolean") return 1
  if (!isObject(schema)) return null
  let parts = 1
  for (const [name, value] of Object.entries(schema)) {
    const more = partsOf(keywords.get(name), value)
    if (more === null) return null
    parts += more
  }
  return parts
}

function partsOf(kind: Kind | undefined, value: unknown): number | null {
  switch (kind) {
    case undefined:
      return null
    case "note":
      return 0
    case "bound":
      return 1
    case "names":
      return Array.isArray(value) ? value.length : null
    case "scalar":
      return isObject(value) ? null : 1
    case "scalars":
      return Array.isArray(value) && !value.some(isObject) ? value.length : null
    case "format":
      return formats.has(value) ? 1 : null
    case "schema":
      return plainParts(value)
    case "schemas":
      return Array.isArray(value) ? partsOfAll(value) : null
    case "named schemas":
      return isObject(value) ? partsOfAll(Object.values(value)) : null
  }
}

function partsOfAll(schemas: readonly unknown[]): number | null {
  let parts = 0
  for (const schema of schemas) {
    const more = plainParts(schema)
    if (more === null) return null
    parts += more
  }
  return parts
}

function isObject(value: unknown): value is JsonSchema | readonly unknown[] {
  return typeof value === "object" && value !== null
}

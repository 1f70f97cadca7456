import type { EventType, JsonSchema } from "../domain/workspace.ts"

type SampleShape = {
  /** How many levels of the sample are the core object: 1 for a flat `data`, 2 for one object nested in `data`. */
  readonly coreLevels: 1 | 2
  /** Fields of the core object that a publisher may leave out. */
  readonly optional: readonly string[]
}

/**
 * Completes a catalogue entry with a schema drawn from its sample, so that the two cannot drift apart. All fields of
 * the sample's core object are required, with the sample's types; further fields, and whatever lies deeper, are free.
 * No enums and no formats: a publisher with one status more must not be refused. Plain keywords that draft-07 and
 * 2020-12 read alike. Spec: wire.md, "Catalogues".
 */
export function withSchema(entry: Omit<EventType, "schema">, shape: SampleShape): EventType {
  return { ...entry, schema: { ...coreSchema(entry.sample, shape, shape.coreLevels), description: entry.description } }
}

function coreSchema(value: unknown, shape: SampleShape, levels: number): JsonSchema {
  if (levels === 0 || !isObject(value)) return typeSchema(value)
  const fields = Object.entries(value)
  return {
    type: "object",
    required: fields.filter(([name, held]) => held !== null && !shape.optional.includes(name)).map(([name]) => name),
    properties: Object.fromEntries(fields.map(([name, held]) => [name, coreSchema(held, shape, levels - 1)])),
  }
}

function typeSchema(value: unknown): JsonSchema {
  // A sample shows null where a value may be missing: nothing is known of its type then.
  if (value === null) return {}
  if (Array.isArray(value)) return { type: "array", ...(value.length > 0 && { items: typeSchema(value[0]) }) }
  if (typeof value === "number") return { type: Number.isInteger(value) ? "integer" : "number" }
  return { type: typeof value }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** The JSON Schema keywords that the catalogues use. */
const known = new Set(["type", "required", "properties", "items", "description"])

/**
 * A JSON Schema as TypeScript text. Fields beyond the schema's are allowed by it, but have no type that could be known.
 *
 * @throws Error for a keyword that is not understood: a type that silently ignores it would be wrong.
 */
export function typeOfSchema(schema: unknown, indent = ""): string {
  if (!isRecord(schema)) throw new Error("a schema is an object")
  const strange = Object.keys(schema).filter((keyword) => !known.has(keyword))
  if (strange.length > 0) throw new Error(`no TypeScript is known for the JSON Schema keyword ${strange.join(", ")}`)
  switch (schema.type) {
    case undefined:
      return "unknown"
    case "string":
    case "boolean":
      return schema.type
    case "integer":
    case "number":
      return "number"
    case "array":
      return `readonly ${elementOf(schema.items, indent)}[]`
    case "object":
      return objectOf(schema, indent)
    default:
      throw new Error(`no TypeScript is known for the JSON Schema type ${JSON.stringify(schema.type)}`)
  }
}

function elementOf(items: unknown, indent: string): string {
  return items === undefined ? "unknown" : typeOfSchema(items, indent)
}

function objectOf(schema: Record<string, unknown>, indent: string): string {
  const { properties, required } = schema
  if (properties === undefined) return "{ readonly [field: string]: unknown }"
  if (!isRecord(properties)) throw new Error("properties is an object")
  const needed = new Set(Array.isArray(required) ? required : [])
  const inner = `${indent}  `
  const fields = Object.entries(properties).map(
    ([name, field]) =>
      `${inner}readonly ${nameOf(name)}${needed.has(name) ? "" : "?"}: ${typeOfSchema(field, inner)}\n`,
  )
  return `{\n${fields.join("")}${indent}}`
}

function nameOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

type Fields = { readonly [name: string]: unknown }

/** One value of a body, as a line of a table. */
export type Row = {
  /** `events[].type`, from the body's top. */
  readonly field: string
  readonly type: string
  readonly required: boolean
  readonly about: string
}

/** A schema as a table: every value that it names, those inside others after them. */
export function rowsOf(schema: unknown, above = ""): Row[] {
  const { properties, required, items, additionalProperties } = fields(schema)
  const needed = list(required)
  const inside = Object.entries(fields(properties)).flatMap(([name, value]) => {
    const field = above === "" ? name : `${above}.${name}`
    const row = { field, type: typeOf(value), required: needed.includes(name), about: text(fields(value).description) }
    return [row, ...rowsOf(value, field)]
  })
  const others =
    Object.keys(fields(additionalProperties)).length === 0 ? [] : rowsOf(additionalProperties, `${above}.*`)
  return [...inside, ...(items === undefined ? [] : rowsOf(items, `${above}[]`)), ...others]
}

/** `string or null, 1 to 256 characters`. */
export function typeOf(value: unknown): string {
  const schema = fields(value)
  const choices = list(schema.enum)
  const names = [schema.type].flat().map((name) => (name === "array" ? arrayOf(schema.items) : text(name)))
  const named = choices.length > 0 ? choices.map((choice) => JSON.stringify(choice)) : names
  const bounds = [
    range(schema.minimum, schema.maximum, ""),
    range(schema.minLength, schema.maxLength, " characters"),
    range(schema.minItems, schema.maxItems, " elements"),
    range(schema.minProperties, schema.maxProperties, " members"),
    text(schema.format),
    schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`,
  ]
  return [named.filter((name) => name !== "").join(" or "), ...bounds].filter((part) => part !== "").join(", ")
}

function arrayOf(items: unknown): string {
  const { type, enum: choices } = fields(items)
  if (Array.isArray(choices)) return `array of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`
  return typeof type === "string" ? `array of ${type}s` : "array"
}

function range(least: unknown, most: unknown, unit: string): string {
  if (typeof least === "number" && typeof most === "number") {
    return least === most ? `${least}${unit}` : `${least} to ${most}${unit}`
  }
  if (typeof least === "number") return `at least ${least}${unit}`
  return typeof most === "number" ? `at most ${most}${unit}` : ""
}

export function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? { ...value } : {}
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : ""
}

import Type, { type Static, type TProperties, type TSchema } from "typebox"

/** An object that refuses what it does not name. */
export function Closed<Properties extends TProperties>(properties: Properties, options: { description?: string } = {}) {
  return Type.Object(properties, { additionalProperties: false, ...options })
}

/**
 * A schema that also takes null, written as a type array: unlike `anyOf` it gives one plain validation error and
 * serialises without trying alternatives.
 */
export function Nullable<Schema extends TSchema>(schema: Schema) {
  const plain: Record<string, unknown> = Object.fromEntries(Object.entries(schema))
  return Type.Unsafe<Static<Schema> | null>({
    ...plain,
    type: [plain.type, "null"],
    ...(Array.isArray(plain.enum) && { enum: [...plain.enum, null] }),
  })
}

export function OneOf<const Value extends string>(values: readonly Value[], options: { description?: string } = {}) {
  return Type.Unsafe<Value>({ type: "string", enum: [...values], ...options })
}

/**
 * No C0 control characters: NUL cannot be stored in PostgreSQL's `text`, the others only confuse logs. Nor half of a
 * surrogate pair, which UTF-8 cannot write: two keys that differ in one would be stored as the same. (Matched with the
 * `u` flag, for which a whole pair is one character.)
 */
export const printablePattern = "^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$"

/** One line of text. */
export function Line(maxLength: number, options: { description?: string; minLength?: number } = {}) {
  return Type.String({ minLength: 1, maxLength, pattern: printablePattern, ...options })
}

/** Text in which line breaks and tabs are welcome. */
export const prosePattern = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f\\ud800-\\udfff]*$"

/** What a header's value may hold, without white space at its ends. */
export const printableAsciiPattern = "^[!-~]([ -~]*[!-~])?$"
export const visiblePattern = "^[!-~]+$"

export const Time = Type.String({ format: "date-time", description: "RFC 3339" })
/** Said in place of the format's name. A query's `+` is a space: offsets are where times in URLs go wrong. */
export const timeDetail =
  "must be a time such as 2026-01-15T14:30:00Z, with Z or an offset (in a URL, write its + as %2B)"

export const LatencyShown = Nullable(
  Type.Object(
    { p50: Type.Number(), p95: Type.Number(), p99: Type.Number() },
    { description: "Milliseconds that attempts took which got a response, within a tenth; null without any" },
  ),
)

export const eventTypeNamePattern = "^[a-z0-9_]+(\\.[a-z0-9_]+)+$"
export const subscriptionPattern = "^(\\*|[a-z0-9_]+(\\.[a-z0-9_]+)*(\\.\\*)?)$"
export const windowPattern = "^[1-9][0-9]{0,4}[mhd]$"
export const idPattern = "^[A-Za-z0-9_-]{1,100}$"

/** Said in place of the pattern itself. */
export const patternDetails: Readonly<Record<string, string>> = {
  [printablePattern]: "must not contain control characters or halves of surrogate pairs",
  [prosePattern]: "must not contain control characters or halves of surrogate pairs",
  [printableAsciiPattern]: "must be printable ASCII, without spaces at its ends",
  [visiblePattern]: "must be printable ASCII without spaces",
  [eventTypeNamePattern]: "must be lower-case words of a-z, 0-9 and _ joined by dots, such as invoice.paid",
  [subscriptionPattern]: "must be an event type, a family such as policy.*, or *",
  [windowPattern]: "must be a number of minutes, hours or days, such as 30m, 24h or 7d",
}

export function IdParams(what: string) {
  return Closed({ id: Type.String({ pattern: idPattern, description: `Id of the ${what}` }) })
}

export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 400, description: "`next_cursor` of the page before" })),
}

/** A page of a list. */
export function PageOf<Item extends TSchema>(item: Item) {
  return Type.Object({ data: Type.Array(item), next_cursor: Nullable(Type.String()) }, { description: "A page" })
}

/** Any JSON object, its members left alone. */
export function FreeObject(options: { description?: string } = {}) {
  return Type.Unsafe<{ readonly [name: string]: unknown }>({ type: "object", additionalProperties: true, ...options })
}

/** For an answer that a route has already written as JSON text, which Fastify then passes on as it is. */
export function Written(schema: TSchema) {
  return Type.Unsafe<string>(schema)
}

export const NoContent = Type.Unsafe<undefined>({ type: "null", description: "Done; nothing to say" })

export type { Static }

import type { ErrorObject, ValidateFunction } from "ajv"
import { Ajv2020 } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import { pointerPart } from "../domain/json-pointer.ts"
import type { JsonSchema } from "../domain/workspace.ts"
import type { Clock } from "../ports/clock.ts"
import { TookTooLong, withinTime } from "./bounded-time.ts"
import { plainParts } from "./plain-schema.ts"

/** What is wrong with a value, and where (RFC 6901 pointer, from the value itself). */
export type Flaw = { readonly pointer: string; readonly detail: string }

/** Only knows JSON Schema itself, which takes it 10 ms to learn: all schemas are checked to be some by this one. */
const language = new Ajv2020({ strict: false, logger: false })

// By the schema object itself: a type that is registered anew brings a new object, and the old one is collected.
const compiled = new WeakMap<JsonSchema, ValidateFunction>()
/** See `plainParts`. */
const parts = new WeakMap<JsonSchema, number | null>()

/** Checks `data` against its type's schema. @returns null when it fits. */
export function flawOf(schema: JsonSchema, data: unknown): Flaw | null {
  const validate = validatorOf(schema)
  if (validate(data)) return null
  return describe(validate.errors?.[0])
}

function validatorOf(schema: JsonSchema): ValidateFunction {
  let validate = compiled.get(schema)
  if (!validate) {
    validate = compile(schema)
    compiled.set(schema, validate)
    parts.set(schema, plainParts(schema))
  }
  return validate
}

/** What an acceptance may spend on all its events together; an honest event takes a few thousandths of it. */
export const checkMaxMs = 100
/** Paid once for each schema, not with each event. */
const compileMaxMs = 500

/** `characters`: how long `data` is as JSON. */
export type Check = { readonly schema: JsonSchema; readonly data: unknown; readonly characters: number }

/** Whether each of them has been compiled: after a start none is. */
export function areCompiled(checks: readonly Check[]): boolean {
  return checks.every(({ schema }) => compiled.has(schema))
}

/** Compiles what has not been. @returns whether that was done in time; what was done by then is kept. */
export function compileAll(checks: readonly Check[]): boolean {
  return (
    bounded(compileMaxMs, () => {
      for (const { schema } of checks) validatorOf(schema)
      return true
    }) ?? false
  )
}

/** `flaws`: a flaw or null for each, in their order; null in place of them all when that took too long. */
export type Checked = { readonly flaws: readonly (Flaw | null)[] | null; readonly tookMs: number }

/** Things to ask times characters to read: at most some 20 ms, and several times what an ordinary event takes. */
const unboundedMax = 300_000

/**
 * Checks events against schemas that workspaces registered, and that are compiled. Patterns, references and unique items
 * can be made to take for ever, whatever the schema's size, so the time is bounded rather than the language. Where
 * sizes bound it already, it is not done twice: to set the bound takes ten times as long as to check an event.
 */
export function ownFlaws(clock: Pick<Clock, "monotonic">, checks: readonly Check[]): Checked {
  let startedMs = clock.monotonic()
  if (stepsOf(checks) <= unboundedMax) {
    const flaws = checks.map(({ schema, data }) => flawOf(schema, data))
    return { flaws, tookMs: clock.monotonic() - startedMs }
  }
  const flaws = bounded(checkMaxMs, () => {
    // From here: what it costs to set the bound is a hundred times an honest check, and the same whatever is checked.
    startedMs = clock.monotonic()
    const found = checks.map(({ schema, data }) => flawOf(schema, data))
    return { found, tookMs: clock.monotonic() - startedMs }
  })
  if (flaws === null) return { flaws: null, tookMs: clock.monotonic() - startedMs }
  return { flaws: flaws.found, tookMs: flaws.tookMs }
}

function stepsOf(checks: readonly Check[]): number {
  let steps = 0
  for (const { schema, characters } of checks) steps += (parts.get(schema) ?? Number.POSITIVE_INFINITY) * characters
  return steps
}

/** Null when it took too long, or ended the stack: a schema that refers to itself does so on some data only. */
function bounded<Result>(maxMs: number, work: () => Result): Result | null {
  try {
    return withinTime(maxMs, work)
  } catch (error) {
    if (error instanceof TookTooLong || error instanceof RangeError) return null
    throw error
  }
}

/** Whether a workspace's own schema can be used. @returns why not, else null. */
export function schemaFlaw(schema: JsonSchema): string | null {
  // Such a validator answers with a promise, which would pass for "fits" and reject where nobody listens.
  if ("$async" in schema) return "$async is not supported"
  try {
    // Against the simplest data, too: references that go round in circles would show with the first event.
    withinTime(compileMaxMs, () => validatorOf(schema)({}))
    return null
  } catch (error) {
    if (error instanceof TookTooLong) return "takes too long to compile; make it smaller or simpler"
    if (error instanceof RangeError) return "refers to itself without end, or is nested too deeply"
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * With an Ajv of its own, which knows JSON Schema's documents, this schema and nothing else: names that a schema gives
 * to itself and its parts (`$id`, `$anchor`) are known to nobody else's, and what it refers to is in it or nowhere.
 */
function compile(schema: JsonSchema): ValidateFunction {
  if (!language.validateSchema(schema)) throw new Error(`is no JSON Schema: ${language.errorsText()}`)
  const ajv = new Ajv2020({
    strict: false,
    logger: false,
    allErrors: false,
    ownProperties: true,
    validateSchema: false,
  })
  // The package is CommonJS: under ESM its function is the namespace's `default`.
  addFormats.default(ajv)
  return ajv.compile(schema)
}

function describe(error: ErrorObject | undefined): Flaw {
  if (!error) return { pointer: "", detail: "does not match the schema" }
  // A missing member is reported at its parent: point to where it should stand.
  const missing: unknown = error.keyword === "required" ? error.params.missingProperty : undefined
  const pointer = typeof missing === "string" ? `${error.instancePath}/${pointerPart(missing)}` : error.instancePath
  return { pointer, detail: missing === undefined ? (error.message ?? "does not match the schema") : "is required" }
}

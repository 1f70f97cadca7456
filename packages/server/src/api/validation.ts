import type { ErrorObject, Options, ValidateFunction } from "ajv"
import { Ajv2020 } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import type { FastifySchemaCompiler } from "fastify"
import { pointerPart } from "../domain/json-pointer.ts"
import type { Api } from "./api-parts.ts"
import { type Flaw, Problem, type ProblemCode } from "./problems.ts"
import { Closed, patternDetails, timeDetail } from "./schema-vocabulary.ts"

// `ownProperties`: a body must not pass by what it inherits. Nothing is removed, filled in or converted in bodies.
const exact: Options = { strict: true, strictTypes: false, strictRequired: false, ownProperties: true }

const firstFlaw = withFormats(new Ajv2020(exact))
const allFlaws = withFormats(new Ajv2020({ ...exact, allErrors: true }))
// A query is all text: numbers and booleans in it have to be converted.
const converting = withFormats(new Ajv2020({ ...exact, allErrors: true, coerceTypes: true }))

/** Beyond this many values only the first flaw is reported: listing them all would cost more than the request. */
const valuesLookedThroughMax = 100_000

/**
 * A route's schemas, each compiled when a request needs it first: all of them together are a fifth of a start. The common,
 * valid case stops at nothing and collects nothing.
 */
export const compileValidator: FastifySchemaCompiler<object> = ({ schema, httpPart }) => {
  if (httpPart !== "body") {
    const compiled = onFirstUse(() => converting.compile(schema))
    const code: ProblemCode = httpPart === "params" ? "not_found" : "query_invalid"
    return (value: unknown) => {
      const check = compiled()
      return check(value) || { error: problem(code, check.errors) }
    }
  }
  const quickly = onFirstUse(() => firstFlaw.compile(schema))
  const thoroughly = onFirstUse(() => allFlaws.compile(schema))
  return (value: unknown) => {
    if (value === null) return { error: new Problem("body_missing") }
    const quick = quickly()
    if (quick(value)) return true
    if (countsOver(value, valuesLookedThroughMax)) return { error: problem("validation_failed", quick.errors) }
    const thorough = thoroughly()
    thorough(value)
    return { error: problem("validation_failed", thorough.errors) }
  }
}

const noQuery = Closed({})

/**
 * Gives routes that state no query one without parameters: `rotate-secret?overlap_seconds=0` must not be taken for a rotation
 * with the usual overlap. Not those for anyone, to which probes and browsers add what they like. To be registered before
 * any route.
 */
export function refuseStrayQueries(api: Api): void {
  api.addHook("onRoute", (route) => {
    if (route.config?.access !== "anyone") route.schema = { querystring: noQuery, ...route.schema }
  })
}

function onFirstUse(compile: () => ValidateFunction): () => ValidateFunction {
  let compiled: ValidateFunction | null = null
  return () => {
    compiled ??= compile()
    return compiled
  }
}

function withFormats(ajv: Ajv2020): Ajv2020 {
  // The package is CommonJS: under ESM its function is the namespace's `default`.
  addFormats.default(ajv)
  return ajv
}

function problem(code: ProblemCode, errors: readonly ErrorObject[] | null | undefined): Problem {
  // An id of no known form is just an id that nothing has.
  if (code === "not_found") return new Problem(code)
  return new Problem(code, { errors: (errors ?? []).map(flaw) })
}

function flaw(error: ErrorObject): Flaw {
  const params: Readonly<Record<string, unknown>> = error.params
  const { instancePath: at } = error
  switch (error.keyword) {
    case "required":
      return { pointer: `${at}/${pointerPart(String(params.missingProperty))}`, detail: "is required" }
    case "additionalProperties":
      return { pointer: `${at}/${pointerPart(String(params.additionalProperty))}`, detail: "is not a known field" }
    case "enum": {
      // Each by itself: `join` alone writes null as nothing.
      const allowed = Array.isArray(params.allowedValues) ? params.allowedValues.map(String).join(", ") : ""
      return { pointer: at, detail: `must be one of: ${allowed}` }
    }
    case "pattern":
      return { pointer: at, detail: patternDetails[String(params.pattern)] ?? error.message ?? "has the wrong form" }
    case "format":
      if (params.format === "date-time") return { pointer: at, detail: timeDetail }
      break
    case "type": {
      const types = Array.isArray(params.type) ? params.type.join(" or ") : params.type
      return { pointer: at, detail: `must be of type ${types}` }
    }
    case "minLength":
    case "minItems":
      if (params.limit === 1) return { pointer: at, detail: "must not be empty" }
  }
  return { pointer: at, detail: error.message ?? "is not acceptable" }
}

function countsOver(value: unknown, max: number): boolean {
  const left: unknown[] = [value]
  let counted = 0
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (++counted > max) return true
    if (typeof next !== "object" || next === null) continue
    for (const inner of Object.values(next)) if (inner !== undefined) left.push(inner)
  }
  return false
}

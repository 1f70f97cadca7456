import asyncapiSchemas from "@asyncapi/specs"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Ajv } from "ajv"
import addFormats from "ajv-formats"
import { describe, expect, it } from "vitest"
import { object, runApi } from "./running-api.ts"

describe("the documents that are served, before validators of others", { timeout: 90_000 }, () => {
  it("/openapi.json is OpenAPI 3.1, whose references all lead somewhere, with what receivers get as webhooks", async () => {
    const { call } = await runApi()
    const { json } = await call("GET", "/openapi.json")
    const validator = new Validator()
    const outcome = await validator.validate(structuredClone(json))
    expect(outcome.errors ?? []).toEqual([])
    expect(outcome.valid).toBe(true)
    expect(validator.version).toBe("3.1")
    expect(() => validator.resolveRefs()).not.toThrow()
    expect(Object.keys(object(json.webhooks)).length).toBeGreaterThan(28)
    // It finds something where there is something.
    const webhooks = { ...object(json.webhooks), "standard:broken": { post: { responses: { "200": {} } } } }
    expect((await new Validator().validate({ ...structuredClone(json), webhooks })).valid).toBe(false)
  })

  it("/asyncapi.json is AsyncAPI 3.0 by its official schema, and its references lead somewhere", async () => {
    const { call } = await runApi()
    const { json } = await call("GET", "/asyncapi.json")
    const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true })
    addFormats.default(ajv)
    const { "3.0.0": schema } = asyncapiSchemas.schemasWithoutId
    const validate = ajv.compile(object(schema))
    expect(validate(json), ajv.errorsText(validate.errors)).toBe(true)
    expect(json.asyncapi).toBe("3.0.0")
    const channels = object(json.channels)
    for (const operation of Object.values(object(json.operations)).map(object)) {
      expect(channels).toHaveProperty(String(object(operation.channel).$ref).replace("#/channels/", ""))
    }
    expect(validate({ ...json, operations: { broken: { action: "shout" } } })).toBe(false)
  })
})

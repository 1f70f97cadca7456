import { createHash } from "node:crypto"
import { Ajv2020 } from "ajv/dist/2020.js"
import { describe, expect, it } from "vitest"
import { problems } from "../../src/api/problems.ts"
import { operationalKeyPrefix, operationalTypes } from "../../src/domain/operational.ts"
import { type ProfileName, profileNames } from "../../src/domain/workspace.ts"
import { profileByName } from "../../src/profiles/by-name.ts"
import { adminKey, type Json, object, runApi, violationEvent } from "./running-api.ts"

async function readDocument() {
  const api = await runApi()
  const answer = await api.call("GET", "/openapi.json")
  expect(answer.status).toBe(200)
  return { ...api, document: answer.json }
}

type Operation = { readonly method: string; readonly path: string; readonly operation: Json }

function operations(document: Json): Operation[] {
  return Object.entries(object(document.paths)).flatMap(([path, methods]) =>
    Object.entries(object(methods)).map(([method, operation]) => ({ method, path, operation: object(operation) })),
  )
}

/** Every object in the document, with where it stands. */
function* walk(value: unknown, at = ""): Generator<readonly [at: string, value: Json]> {
  if (typeof value !== "object" || value === null) return
  if (!Array.isArray(value)) yield [at, object(value)]
  for (const [name, inner] of Object.entries(value)) yield* walk(inner, `${at}/${name}`)
}

/** A profile's own types, and what Tocsin tells of itself in each. */
const namesIn = (name: ProfileName) => [...profileByName(name).catalogue.map((type) => type.name), ...operationalTypes]

describe("the OpenAPI document", () => {
  it("tells publishers which idempotency keys are not theirs, wherever one may stand", async () => {
    const { document } = await readDocument()
    const keys = [...walk(document)].filter(([at]) =>
      /^\/paths\/\/v1\/events(\/batch)?\/post\/requestBody\/.*\/idempotency_key$/.test(at),
    )
    expect(keys).toHaveLength(2)
    for (const [, { description }] of keys) expect(description).toContain(operationalKeyPrefix)
  })

  it("has the parts that OpenAPI 3.1 asks for", async () => {
    const { document } = await readDocument()
    expect(document.openapi).toBe("3.1.0")
    expect(document.info).toMatchObject({
      title: "Tocsin",
      version: "0.0.0-test",
      license: { identifier: "Apache-2.0" },
    })
    const tags = new Set((document.tags as Json[]).map(({ name }) => name))
    const ids = new Set<unknown>()
    const all = operations(document)
    expect(all.length).toBeGreaterThanOrEqual(38)
    for (const { method, path, operation } of all) {
      const where = `${method} ${path}`
      expect(operation.summary, where).toBeTypeOf("string")
      for (const tag of operation.tags as string[]) expect(tags, where).toContain(tag)
      expect(ids.has(operation.operationId), where).toBe(false)
      ids.add(operation.operationId)
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const parameters = (operation.parameters ?? []) as Json[]
      expect(
        parameters.filter((each) => each.in === "path").map(({ name }) => name),
        where,
      ).toEqual(inPath)
      for (const parameter of parameters) expect(parameter.schema, where).toBeDefined()
      const responses = object(operation.responses)
      expect(
        Object.keys(responses).some((status) => /^[23]/.test(status)),
        where,
      ).toBe(true)
      for (const response of Object.values(responses)) expect(object(response).description, where).toBeTypeOf("string")
    }
  })

  it("says of every route who may call it, and which errors there are", async () => {
    const { document } = await readDocument()
    const open: string[] = []
    for (const { method, path, operation } of operations(document)) {
      const responses = object(operation.responses)
      if (operation.security === undefined) open.push(path)
      else {
        expect(operation.security, path).toEqual([{ key: [] }])
        expect(Object.keys(responses), `${method} ${path}`).toEqual(expect.arrayContaining(["401", "403", "503"]))
      }
      for (const [status, response] of Object.entries(responses)) {
        if (Number(status) < 400) continue
        const named = [...String(object(response).description).matchAll(/`(\w+)`/g)].map(([, code]) => String(code))
        for (const code of named)
          expect(problems).toHaveProperty(code, expect.objectContaining({ status: Number(status) }))
        expect(object(response).content).toHaveProperty("application/problem+json")
      }
    }
    expect(open.sort()).toEqual([
      "/asyncapi.json",
      "/docs",
      "/docs/problems",
      "/healthz",
      "/metrics",
      "/openapi.json",
      "/readyz",
      "/v1/session",
      "/v1/session",
    ])
  })

  it("refers only to what it holds, and has no keyword that JSON Schema 2020-12 lacks", async () => {
    const { document } = await readDocument()
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const schemas = object(object(document.components).schemas)
    let seen = 0
    for (const [at, value] of walk(document)) {
      if (typeof value.$ref === "string") {
        const name = /^#\/components\/schemas\/(\w+)$/.exec(value.$ref)?.[1]
        expect(schemas, at).toHaveProperty(String(name))
      }
      expect(value, at).not.toHaveProperty("nullable")
      if (/\/schema$/.test(at) && value.$ref === undefined && !at.includes("/properties/")) {
        expect(ajv.validateSchema(value), at).toBe(true)
        seen++
      }
    }
    expect(seen).toBeGreaterThan(50)
  })

  it("describes what receivers get: each type of each profile, with an example that fits", async () => {
    const { document } = await readDocument()
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const webhooks = object(document.webhooks)
    const names = profileNames.flatMap((name) => namesIn(name).map((type) => `${name}:${type}`))
    expect(Object.keys(webhooks)).toEqual(names)
    expect(names.length).toBeGreaterThanOrEqual(28)
    for (const [name, item] of Object.entries(webhooks)) {
      const media = object(object(object(object(object(item).post).requestBody).content)["application/json"])
      expect(ajv.validate(object(media.schema), media.example), name).toBe(true)
    }
  })

  it("names the headers that the API sends, and the one that publishers may", async () => {
    const { document, call, workspaceKey, webhook } = await readDocument()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    const publish = operations(document).find(({ operation }) => operation.operationId === "publishEvent")
    expect(publish?.operation.parameters).toMatchObject([{ in: "header", name: "idempotency-key" }])
    const answers = [
      await call("GET", `/v1/webhooks/${id}`, { key }),
      await call("POST", `/v1/webhooks/${id}/replay`, {
        key,
        body: { from: "2025-12-01T00:00:00Z", to: "2025-12-02T00:00:00Z" },
      }),
      await call("POST", "/v1/event-types", { key, body: { name: "a.b" } }),
      await call("GET", "/v1/webhooks/wh_none", { key }),
      await call("GET", "/v1/webhooks"),
    ]
    const ids = ["getWebhook", "startReplay", "createEventType", "getWebhook", "listWebhooks"]
    for (const [at, { status, headers }] of answers.entries()) {
      const found = operations(document).find(({ operation }) => operation.operationId === ids[at])
      const named = Object.keys(object(object(object(found?.operation.responses)[String(status)]).headers ?? {}))
      const sent = ["location", "ratelimit", "ratelimit-policy", "retry-after", "www-authenticate"]
      expect(named.sort(), `${ids[at]} ${status}`).toEqual(sent.filter((name) => headers[name] !== undefined))
    }
  })

  it("holds what the API answers", async () => {
    const { document, call, workspaceKey, webhook, clock } = await readDocument()
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const key = await workspaceKey()
    const { id } = await webhook(key)
    // A resource's id is the publisher's own text: of any length, with any character that JSON can write.
    const awkward = { ...object(object(violationEvent.data).violation), resource_id: `\u0000${"x".repeat(3_000)}` }
    const body = { ...violationEvent, data: { violation: awkward } }
    const event = await call("POST", "/v1/events", { key, body })
    await clock.advance(1_000)
    const answers: readonly (readonly [string, string, string, object?])[] = [
      ["get", "/v1/workspaces", adminKey],
      ["get", "/v1/webhooks", key],
      ["get", `/v1/webhooks/${id}`, key],
      ["get", `/v1/webhooks/${id}/stats`, key],
      ["post", `/v1/webhooks/${id}/test`, key, {}],
      ["get", `/v1/events/${event.json.id}`, key],
      ["get", "/v1/events", key],
      ["get", "/v1/deliveries", key],
      ["get", "/v1/event-types", key],
      ["get", "/v1/api-keys", key],
      ["get", "/v1/audit-log", key],
    ]
    for (const [method, url, with_, body] of answers) {
      const answer = await call(method.toUpperCase(), url, { key: with_, body })
      expect(answer.status, url).toBe(200)
      const found = operations(document).find(
        (each) => each.method === method && new RegExp(`^${each.path.replace(/\{\w+\}/g, "[^/]+")}$`).test(url),
      )
      const content = object(object(object(object(found?.operation).responses)["200"]).content)
      expect(
        ajv.validate(object(object(content["application/json"]).schema), answer.json),
        `${url}: ${ajv.errorsText()}`,
      ).toBe(true)
    }
  })

  it("is joined by a page that shows all of it, what receivers get included", async () => {
    const { document, call } = await readDocument()
    const { text } = await call("GET", "/docs")
    const webhooks = Object.entries(object(document.webhooks)).map(([path, item]) => ({
      method: "post",
      path,
      operation: object(object(item).post),
    }))
    expect(webhooks.length).toBeGreaterThan(28)
    for (const { method, path, operation } of [...operations(document), ...webhooks]) {
      expect(text).toContain(`<code class="method">${method.toUpperCase()}</code><code>${path}</code>`)
      expect(text).toContain(`id="${String(object(operation).operationId)}"`)
    }
    // A parameter, a value inside a body, a choice, an example.
    expect(text).toMatch(/<code>limit<\/code><\/td><td>query: integer, 1 to 200, default 50</)
    expect(text).toMatch(/<code>events\[\]\.type<\/code> <span class="muted">required</)
    expect(text).toContain("&quot;static&quot; or &quot;oauth2_client_credentials&quot;")
    expect(text).toMatch(
      /<code>X-PolicyCortex-Signature<\/code> <span class="muted">required<\/span><\/td><td>header: string</,
    )
    expect(text).toContain("S3 bucket must have encryption enabled")
    for (const [, id] of text.matchAll(/<a href="#([^"]+)"/g)) expect(text).toContain(`id="${id}"`)
  })

  it("is joined by a page whose one style its policy names", async () => {
    const { call } = await runApi()
    const { text, headers } = await call("GET", "/docs")
    const [, style = ""] = /<style>([^<]+)<\/style>/.exec(text) ?? []
    const hash = createHash("sha256").update(style).digest("base64")
    expect(headers["content-security-policy"]).toContain(`style-src 'sha256-${hash}'`)
    expect(text).not.toContain("<script")
  })

  it("is joined by a page that explains every problem code", async () => {
    const { call } = await runApi()
    const { text, headers } = await call("GET", "/docs/problems")
    expect(headers["content-security-policy"]).toContain("default-src 'none'")
    for (const code of Object.keys(problems)) expect(text).toContain(`id="${code}"`)
  })
})

describe("the AsyncAPI document", () => {
  it("has a message for each type of each profile, with an example that fits", async () => {
    const { call } = await runApi()
    const { json } = await call("GET", "/asyncapi.json")
    expect(json).toMatchObject({ asyncapi: "3.0.0", info: { version: "0.0.0-test" } })
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    const channels = object(json.channels)
    expect(Object.keys(channels)).toEqual(profileNames)
    for (const name of profileNames) {
      const messages = object(object(channels[name]).messages)
      expect(Object.keys(messages)).toEqual(namesIn(name))
      for (const [type, message] of Object.entries(messages)) {
        const { payload, examples } = object(message)
        const [example] = examples as Json[]
        expect(ajv.validate(object(payload), example?.payload), type).toBe(true)
      }
      expect(object(json.operations)[`deliver.${name}`]).toMatchObject({ action: "send" })
    }
    const headers = JSON.stringify(object(channels.policycortex))
    expect(headers).toContain("X-PolicyCortex-Signature")
  })
})

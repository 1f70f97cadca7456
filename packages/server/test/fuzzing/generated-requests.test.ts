import { Ajv2020 } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import fc from "fast-check"
import { expect, it } from "vitest"
import {
  type Answer,
  adminKey,
  documented,
  type Json,
  list,
  object,
  type RunningApi,
  runApi,
  text,
  violationEvent,
} from "../api/running-api.ts"
import { valueFor } from "./values-of-schema.ts"

type Operation = { readonly method: string; readonly path: string; readonly operation: Json }

/** Each property plays so many requests; a failing one is shrunk, and shown with its seed. */
const requestsPerOperation = 60
/** Its answer never ends. */
const endless = new Set(["/v1/stream"])

async function furnished(api: RunningApi) {
  const key = await api.workspaceKey()
  const webhook = text((await api.webhook(key)).id)
  await api.call("POST", "/v1/event-types", { key, body: { name: "own.type", schema: { type: "object" } } })
  const event = text((await api.call("POST", "/v1/events", { key, body: violationEvent })).json.id)
  await api.clock.advance(1_000)
  const delivery = text(list(await api.call("GET", "/v1/deliveries", { key }))[0]?.id)
  const range = { from: "2025-01-01T00:00:00Z", to: "2025-01-02T00:00:00Z" }
  const replay = text((await api.call("POST", `/v1/webhooks/${webhook}/replay`, { key, body: range })).json.id)
  return {
    key,
    ids: { webhooks: webhook, events: event, deliveries: delivery, replays: replay, "event-types": "own.type" },
  }
}

function operationsOf(document: Json): Operation[] {
  return Object.entries(object(document.paths)).flatMap(([path, methods]) =>
    Object.entries(object(methods)).map(([method, operation]) => ({ method, path, operation: object(operation) })),
  )
}

/** Whether an answer is one that the document announces for its operation, with a body that fits. */
function checkerOf(document: Json) {
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  const components = object(object(document.components).schemas)
  for (const [name, schema] of Object.entries(components)) ajv.addSchema(object(schema), `#/components/schemas/${name}`)
  return ({ operation }: Operation, answer: Answer): string | null => {
    if (answer.status >= 500) return `${answer.status}: ${answer.text}`
    const announced = object(operation.responses)[String(answer.status)]
    if (announced === undefined) return `${answer.status} is not announced: ${answer.text}`
    const type = String(answer.headers["content-type"] ?? "").split(";", 1)[0] ?? ""
    const content = object(announced).content
    if (answer.text === "") return bodyless(answer, content) ? null : "the body is missing"
    const schema = content === undefined ? undefined : object(content)[type]
    if (schema === undefined) return `${answer.status} as ${type} is not announced`
    if (!/[/+]json$/.test(type)) return null
    return ajv.validate(object(object(schema).schema), answer.json) ? null : `${ajv.errorsText()}: ${answer.text}`
  }
}

/** Nothing to say, or no lines. */
function bodyless({ status, headers }: Answer, content: unknown): boolean {
  return content === undefined || status === 204 || headers["content-type"] === "application/x-ndjson"
}

function requestsOf({ path, operation }: Operation, ids: Readonly<Record<string, string>>) {
  const parameters = (Array.isArray(operation.parameters) ? operation.parameters : []).map(object)
  const query = parameters.filter((each) => each.in === "query")
  const body = operation.requestBody === undefined ? null : jsonSchemaOf(object(operation.requestBody))
  const known = ids[/^\/v1\/([\w-]+)\/\{/.exec(path)?.[1] ?? ""]
  const id = fc.oneof(
    { weight: 8, arbitrary: fc.constant(known ?? "unknown") },
    { weight: 2, arbitrary: fc.constantFrom(...Object.values(ids)) },
    // A dot, two or nothing would be another path.
    { weight: 1, arbitrary: fc.string().filter((text) => !/^\.{0,2}$/.test(text)) },
  )
  return fc.record({
    id,
    query: fc.record(
      Object.fromEntries(
        query.map(({ name, schema }) => [String(name), fc.option(valueFor(object(schema)), { nil: undefined })]),
      ),
    ),
    body: body === null ? fc.constant(undefined) : valueFor(body),
    as: fc.oneof(
      { weight: 10, arbitrary: fc.constant("key") },
      { weight: 4, arbitrary: fc.constant("admin") },
      { weight: 1, arbitrary: fc.constant("nobody") },
    ),
    isDocumented: fc.boolean(),
    path: fc.constant(path),
  })
}

function jsonSchemaOf(requestBody: Json): Json {
  return object(object(object(requestBody.content)["application/json"]).schema)
}

it("no request generated from the OpenAPI document fails here, and every answer is one that the document announces", async () => {
  const api = await runApi()
  const document = object(JSON.parse((await api.call("GET", "/openapi.json")).text))
  const flawOf = checkerOf(document)
  const statuses = new Map<string, Set<number>>()
  for (const operation of operationsOf(document)) {
    const { method, path } = operation
    if (endless.has(path)) continue
    const { key, ids } = await furnished(api)
    const seen = new Set<number>()
    statuses.set(`${method} ${path}`, seen)
    await fc.assert(
      fc.asyncProperty(requestsOf(operation, ids), async ({ id, query, body, as, isDocumented }) => {
        const url = new URLSearchParams()
        for (const [name, value] of Object.entries(query)) {
          if (value !== undefined) url.set(name, typeof value === "string" ? value : JSON.stringify(value))
        }
        // A generated webhook seldom fits: half of them begin with one that does.
        const isWebhook = path === "/v1/webhooks" && isDocumented && typeof body === "object" && body !== null
        const sent = isWebhook ? { ...documented, ...withoutUndefined(body) } : body
        const answer = await api.call(
          method.toUpperCase(),
          `${path.replace(/\{\w+\}/, encodeURIComponent(id.toWellFormed()))}?${url}`,
          { key: as === "key" ? key : as === "admin" ? adminKey : null, body: sent },
        )
        seen.add(answer.status)
        expect(flawOf(operation, answer)).toBeNull()
        if (method === "post" && path.startsWith("/v1/webhooks")) await api.clock.advance(10)
      }),
      { numRuns: requestsPerOperation },
    )
  }
  // The generated requests reach what is behind the checks: nearly every operation also succeeded.
  const succeeded = [...statuses].filter(([, seen]) => [...seen].some((status) => status >= 200 && status < 400))
  expect(statuses.size).toBeGreaterThan(45)
  expect(succeeded.length / statuses.size).toBeGreaterThan(0.7)
}, 180_000)

function withoutUndefined(value: object): Json {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined))
}

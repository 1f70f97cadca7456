import swagger from "@fastify/swagger"
import type { RouteOptions } from "fastify"
import Type from "typebox"
import type { Access } from "./access.ts"
import type { Api } from "./api-parts.ts"
import { answerHeaders, type DescribedHeaders, problemHeaders, requestHeaders } from "./described-headers.ts"
import { type ProblemCode, problems } from "./problems.ts"
import { sentMessages } from "./sent-messages.ts"

const tags = [
  { name: "workspaces", description: "Tenants of this instance; with the admin key" },
  { name: "API keys", description: "Keys of a workspace, with scopes" },
  { name: "webhooks", description: "Registered endpoints" },
  { name: "events", description: "Publishing and looking back" },
  { name: "deliveries", description: "The log of what was sent, and sending again" },
  { name: "replays", description: "Jobs that deliver past events again" },
  { name: "event types", description: "The catalogue" },
  { name: "audit log", description: "Every change" },
  { name: "session", description: "Sign-in of people, for the dashboard" },
  { name: "instance", description: "Health, figures, documents" },
]

const ProblemDocument = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    request_id: Type.String(),
    errors: Type.Optional(Type.Array(Type.Object({ pointer: Type.String(), detail: Type.String() }))),
  },
  { description: "RFC 9457" },
)

/** Draws the OpenAPI document from the routes' own schemas. To be registered before any route. */
export function describeRoutes(api: Api, version: string): void {
  api.register(swagger, {
    convertConstToEnum: false,
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Tocsin",
        version,
        description: "The webhook engine for security and compliance events.",
        license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      },
      servers: [{ url: "/" }],
      tags,
      components: {
        securitySchemes: {
          key: { type: "http", scheme: "bearer", description: "A workspace's API key, or the instance's admin key" },
        },
        schemas: { Problem: { ...ProblemDocument } },
      },
    },
    transform: ({ schema, url, route }) => {
      const access = route.config?.access ?? "anyone"
      return {
        url,
        schema: {
          ...schema,
          ...(access !== "anyone" && { security: [{ key: [] }], description: describe(schema?.description, access) }),
          ...described(requestHeaders(route)),
          response: { ...answers(route, access), ...errorResponses(route, access) },
        },
      }
    },
  })
}

/** @param api whose plugins have loaded. */
export function openapiText(api: Api): string {
  return JSON.stringify({ ...api.swagger(), webhooks: sentWebhooks() })
}

function describe(description: string | undefined, access: Exclude<Access, "anyone">): string {
  return description === undefined ? needed(access) : `${description}\n\n${needed(access)}`
}

function needed(access: Exclude<Access, "anyone">): string {
  switch (access) {
    case "admin":
      return "Needs the admin key."
    case "any_key":
      return "Any key of the workspace."
    case "admin_or_key_manager":
      return "Needs the admin key or the scope `keys:write`."
    default:
      return `Needs the scope \`${access}\`.`
  }
}

/** `headers: { … }` where there are any. With it, the document generator knows them; the routes do not check them. */
function described(headers: DescribedHeaders): { readonly headers?: DescribedHeaders } {
  return Object.keys(headers).length === 0 ? {} : { headers }
}

/** The route's own responses, with the headers that come with them. */
function answers(route: RouteOptions, access: Access): Record<string, object> {
  const headers = described(answerHeaders(route, access))
  const own = Object.entries(object(route.schema?.response))
  return Object.fromEntries(own.map(([status, response]) => [status, { ...object(response), ...headers }]))
}

/** Where what a workspace may have no more than so many of is made. */
const capped = ["/v1/webhooks", "/v1/api-keys", "/v1/event-types"]

/** What can go wrong follows from what a route takes. */
function errorResponses(route: RouteOptions, access: Access): Record<string, object> {
  const { method, schema, config, url } = route
  const codes: ProblemCode[] = ["internal"]
  if (access !== "anyone") {
    codes.push("authentication_required", "key_unknown", "key_expired", "key_revoked", "session_ended")
    codes.push("cross_site_request", "shutting_down")
  }
  if (access !== "anyone") codes.push("store_unavailable", access === "admin" ? "admin_key_required" : "scope_missing")
  if (access !== "anyone" && config?.limited !== false) codes.push("rate_limited")
  if (schema?.params !== undefined || url.startsWith("/v1/audit-log/")) codes.push("not_found")
  if (schema?.querystring !== undefined) codes.push("query_invalid")
  if (schema?.body !== undefined) {
    codes.push("json_malformed", "json_too_deep", "json_too_many_members", "json_member_repeated", "body_missing")
    codes.push("body_too_large", "content_type_unsupported", "validation_failed")
  }
  if (url.startsWith("/v1/events") && schema?.body !== undefined) {
    codes.push("unknown_event_type", "event_type_reserved", "data_invalid", "data_too_large", "idempotency_conflict")
    codes.push("schemas_too_slow")
    if (url.endsWith("/batch")) codes.push("batch_too_wide")
  }
  // Whoever changes something may meet another who does.
  if (access !== "anyone" && method !== "GET" && !url.startsWith("/v1/events")) codes.push("conflict")
  if (url === "/v1/event-types" && method === "POST") codes.push("event_type_exists")
  if (method === "POST" && capped.includes(url)) codes.push("workspace_full")
  if (url === "/v1/event-types/:name" && method !== "GET") codes.push("event_type_built_in")
  if (url === "/v1/deliveries/:id/retry") codes.push("webhook_deleted")
  if (url === "/v1/session") codes.push("cross_site_request")
  if (url === "/v1/session" && method === "POST") {
    codes.push("key_unknown", "key_expired", "key_revoked", "workspace_key_required", "sign_in_limited")
  }
  if (url === "/readyz") codes.push("not_ready")
  const byStatus = Object.groupBy(new Set(codes), (code) => problems[code].status)
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, found = []]) => [
      status,
      {
        description: `Problem: ${found.map((code) => `\`${code}\``).join(", ")}`,
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
        ...described(problemHeaders(found, route, access)),
      },
    ]),
  )
}

function object(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {}
}

/** What receivers get, as OpenAPI's `webhooks`: each profile's types with their envelope. */
function sentWebhooks(): Record<string, object> {
  return Object.fromEntries(
    sentMessages().map(({ profile, type, summary, headers, schema, example }) => [
      `${profile.name}:${type}`,
      {
        post: {
          tags: [`sent by ${profile.name}`],
          operationId: `${profile.name}.${type}`,
          summary,
          parameters: headers.map((header) => ({ in: "header", ...header, schema: { type: "string" } })),
          requestBody: { required: true, content: { "application/json": { schema, example } } },
          responses: { "2XX": { description: `Taken. This profile counts ${profile.successRule} as success.` } },
        },
      },
    ]),
  )
}

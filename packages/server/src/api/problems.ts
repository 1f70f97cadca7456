/** Every error the API can answer with: the docs list exactly these. `remedy` tells what to do about it. */
export const problems = {
  json_malformed: { status: 400, title: "The body is not valid JSON", remedy: "Send one JSON object in UTF-8." },
  json_too_deep: {
    status: 400,
    title: "The body is nested too deeply",
    remedy: "Keep objects and arrays within 100 levels.",
  },
  json_too_many_members: {
    status: 400,
    title: "The body has too many members",
    remedy: "Keep the members of all its objects together within 500,000; send smaller batches.",
  },
  json_member_repeated: {
    status: 400,
    title: "The body names a member twice",
    remedy: "Give each member once: receivers would disagree on which one counts.",
  },
  body_missing: { status: 400, title: "The request has no body", remedy: "Send a JSON object." },
  request_malformed: { status: 400, title: "The request cannot be read", remedy: "Check its URL and headers." },
  authentication_required: {
    status: 401,
    title: "No API key was given",
    remedy: "Send it as `Authorization: Bearer <key>`.",
  },
  key_unknown: { status: 401, title: "The API key is not known", remedy: "Check it; a lost key must be replaced." },
  key_expired: { status: 401, title: "The API key has expired", remedy: "Create a new one." },
  key_revoked: { status: 401, title: "The API key was revoked", remedy: "Create a new one." },
  session_ended: { status: 401, title: "The session has ended", remedy: "Sign in again." },
  cross_site_request: {
    status: 403,
    title: "The session's cookie came from another site's page",
    remedy: "Sessions are for the dashboard; programs send `Authorization: Bearer <key>`.",
  },
  scope_missing: {
    status: 403,
    title: "The API key lacks a scope",
    remedy: "Use a key that has it, or create one.",
  },
  admin_key_required: {
    status: 403,
    title: "Only the instance's admin key may do this",
    remedy: "Use the key that TOCSIN_ADMIN_KEY holds.",
  },
  workspace_key_required: {
    status: 403,
    title: "This belongs to a workspace",
    remedy: "Use one of the workspace's API keys in place of the admin key.",
  },
  not_found: {
    status: 404,
    title: "There is no such thing in this workspace",
    remedy: "Check the id, and that the key belongs to the right workspace.",
  },
  route_unknown: {
    status: 404,
    title: "There is nothing at this path",
    remedy: "See /openapi.json for what there is.",
  },
  method_not_allowed: {
    status: 405,
    title: "This path does not take this method",
    remedy: "Use one that the Allow header names.",
  },
  request_timeout: { status: 408, title: "The request came too slowly", remedy: "Send it again, without pauses." },
  conflict: {
    status: 409,
    title: "Somebody else was changing the same thing",
    remedy: "Read it again, then repeat the change if it is still wanted.",
  },
  idempotency_conflict: {
    status: 409,
    title: "The idempotency key was used with another content",
    remedy: "Repeat the first event exactly, or give a new event a new key.",
  },
  event_type_exists: {
    status: 409,
    title: "The event type exists already",
    remedy: "Change it with PUT, or choose another name.",
  },
  event_type_built_in: {
    status: 409,
    title: "The event type belongs to the workspace's profile",
    remedy: "Register one of your own under another name.",
  },
  webhook_deleted: {
    status: 409,
    title: "The webhook of this delivery was deleted",
    remedy: "Register the endpoint again and send the event anew.",
  },
  workspace_full: {
    status: 409,
    title: "The workspace has as many of these as it may",
    remedy:
      "Delete what is no longer used: a workspace may have 20,000 webhooks, 1,000 API keys and 2,000 event types of its own.",
  },
  body_too_large: {
    status: 413,
    title: "The body is too large",
    remedy: "Stay within 1 MiB for an event, 5 MiB for a batch, 256 KiB elsewhere.",
  },
  data_too_large: {
    status: 413,
    title: "The event's data is too large",
    remedy: "Keep `data` within 256 KiB; send a reference to what is larger.",
  },
  batch_too_wide: {
    status: 413,
    title: "The batch would make too many deliveries",
    remedy:
      "Send smaller batches: their events and the webhooks that each goes to may make 50,000 deliveries at once. A single event may go to any number.",
  },
  content_type_unsupported: {
    status: 415,
    title: "The body is not declared as JSON",
    remedy: "Send `Content-Type: application/json`.",
  },
  validation_failed: {
    status: 422,
    title: "Some fields are not acceptable",
    remedy: "Correct what `errors` points to; nothing was changed.",
  },
  query_invalid: {
    status: 422,
    title: "Some query parameters are not acceptable",
    remedy: "Correct what `errors` points to.",
  },
  unknown_event_type: {
    status: 422,
    title: "The event type is not in the workspace's catalogue",
    remedy: "GET /v1/event-types lists it; POST /v1/event-types adds to it.",
  },
  event_type_reserved: {
    status: 422,
    title: "Only Tocsin itself publishes events of this type",
    remedy: "Publish another type; POST /v1/webhooks/{id}/test sends a webhook this one's sample.",
  },
  data_invalid: {
    status: 422,
    title: "The event's data does not match its type's schema",
    remedy: "GET /v1/event-types/{name} shows the schema and a sample.",
  },
  schemas_too_slow: {
    status: 429,
    title: "The schemas of the workspace's own types take too long",
    remedy: "Repeat the request after Retry-After; simplify the schemas' patterns, references or unique items.",
  },
  rate_limited: {
    status: 429,
    title: "Too many requests with this key, or of this workspace",
    remedy: "Wait as long as Retry-After says. Publishing is not limited.",
  },
  sign_in_limited: {
    status: 429,
    title: "Too many failed sign-ins from this address",
    remedy: "Wait as long as Retry-After says, then check the key before trying again.",
  },
  headers_too_large: { status: 431, title: "The request's headers are too large", remedy: "Stay within 16 KiB." },
  internal: {
    status: 500,
    title: "Something failed on this side",
    remedy: "Tell the operator the request_id: the log has the cause.",
  },
  store_unavailable: {
    status: 503,
    title: "The storage cannot take more now",
    // Not that nothing was kept: of a commit whose answer was lost nobody knows.
    remedy:
      "Repeat the request after Retry-After, an event with its idempotency key: what was asked may have been done, and the word of it lost.",
  },
  not_ready: { status: 503, title: "The server is not ready", remedy: "See the detail; try again shortly." },
  shutting_down: { status: 503, title: "The server is stopping", remedy: "Repeat the request: another one answers." },
} as const satisfies Readonly<Record<string, { status: number; title: string; remedy: string }>>

export type ProblemCode = keyof typeof problems

/** What is wrong with one field: an RFC 6901 pointer into the body (or `/` and the query parameter's name). */
export type Flaw = { readonly pointer: string; readonly detail: string }

type Particulars = {
  readonly detail?: string
  readonly errors?: readonly Flaw[]
  readonly headers?: Readonly<Record<string, string>>
}

/** More would help nobody, and a hostile body must not buy a huge answer. */
export const flawsMax = 50

/** An error meant for the client: thrown anywhere in a route, answered as RFC 9457 problem details. */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly statusCode: number
  readonly errors: readonly Flaw[] | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ProblemCode, { detail, errors, headers }: Particulars = {}) {
    super(detail ?? problems[code].remedy)
    this.name = "Problem"
    this.code = code
    this.statusCode = problems[code].status
    this.errors = errors?.slice(0, flawsMax)
    this.headers = headers ?? {}
  }
}

/** The header of an answer that says to wait: whole seconds, at least one (RFC 9110 §10.2.3). */
export function retryAfter(waitMs: number): { readonly "retry-after": string } {
  return { "retry-after": String(Math.max(1, Math.ceil(waitMs / 1000))) }
}

/** Throws when there are flaws. */
export function refuseIfFlawed(errors: readonly Flaw[], code: ProblemCode = "validation_failed"): void {
  if (errors.length > 0) throw new Problem(code, { errors })
}

/** The document of RFC 9457 §3.1 with this API's members. */
export function problemDocument(problem: Problem, requestId: string): string {
  const { status, title } = problems[problem.code]
  return JSON.stringify({
    // Relative to the server that answered, whose docs explain it (RFC 9457 §3.1.1).
    type: `/docs/problems#${problem.code}`,
    title,
    status,
    detail: problem.message,
    code: problem.code,
    request_id: requestId,
    ...(problem.errors && { errors: problem.errors }),
  })
}

import { STATUS_CODES } from "node:http"
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify"
import { StoreUnavailable } from "../ports/store.ts"
import type { Api } from "./api-parts.ts"
import { Problem, type ProblemCode, problemDocument } from "./problems.ts"

/** Answers every error, whatever raised it, as problem details (RFC 9457); what was not foreseen is logged, not shown. */
export function replyWithProblems(api: Api): void {
  const paths: { readonly pattern: RegExp; readonly url: string; readonly methods: Set<string> }[] = []
  api.addHook("onRoute", ({ url, method }) => {
    let path = paths.find((each) => each.url === url)
    if (!path) {
      path = { url, pattern: patternOf(url), methods: new Set() }
      paths.push(path)
    }
    for (const each of [method].flat()) path.methods.add(each)
  })
  api.setErrorHandler(async (error: unknown, request, reply) => {
    // What its client gave up is no failure, and nobody is there to answer.
    if (isAbort(error) && request.signal.aborted) return reply.hijack()
    // Fastify would close the connection on a body that it refuses. Closed with bytes of it unread, it is reset, and the
    // client that still sends learns of that in place of the answer (RFC 9112 §9.6). Kept, Node reads the rest away.
    reply.removeHeader("connection")
    return sendProblem(reply, problemOf(error, request), request.id)
  })
  api.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split("?", 1)[0] ?? ""
    const methods = paths.find(({ pattern }) => pattern.test(path))?.methods
    const problem = methods
      ? new Problem("method_not_allowed", { headers: { allow: [...methods].join(", ") } })
      : new Problem("route_unknown")
    return sendProblem(reply, problem, request.id)
  })
}

function patternOf(url: string): RegExp {
  const text = url.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
  return new RegExp(`^${text.replace(/:\w+/g, "[^/]+")}$`)
}

export function sendProblem(reply: FastifyReply, problem: Problem, requestId: string) {
  return (
    reply
      .code(problem.statusCode)
      .headers(problem.headers)
      .header("content-type", "application/problem+json")
      .header("cache-control", "no-store")
      // As bytes: to a text Fastify would add a charset, which this media type does not have (RFC 9457 §6.1).
      .send(Buffer.from(problemDocument(problem, requestId)))
  )
}

/** Fastify's own errors, as this API names them. */
const fromFastify: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "body_too_large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "content_type_unsupported",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "request_malformed",
  FST_ERR_BAD_URL: "request_malformed",
  // As of any other id of no known form: nothing has it.
  FST_ERR_MAX_PARAM_LENGTH: "not_found",
}

export function problemOf(error: unknown, request: Pick<FastifyRequest, "log">): Problem {
  if (error instanceof Problem) return error
  if (error instanceof StoreUnavailable) {
    request.log.warn({ err: error }, "the store is unavailable")
    return new Problem("store_unavailable", { headers: { "retry-after": String(error.retryAfterSeconds) } })
  }
  if (isFastifyError(error)) {
    const code = fromFastify[error.code]
    if (code !== undefined) return new Problem(code)
    if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
      return new Problem("request_malformed")
    }
  }
  request.log.error({ err: error }, "a request failed for a reason that was not foreseen")
  return new Problem("internal")
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError"
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && "code" in error && typeof error.code === "string"
}

/** What Node's HTTP parser says of a request that it gave up. */
const fromParser: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: "headers_too_large",
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
}

/** For bytes that make no request: there is nothing to reply to, only a socket. */
export function malformedHttpReply(errorCode: string): string {
  const problem = new Problem(fromParser[errorCode] ?? "request_malformed")
  const body = problemDocument(problem, "none")
  const head = `HTTP/1.1 ${problem.statusCode} ${STATUS_CODES[problem.statusCode]}`
  return `${head}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`
}

import { isFields } from "../json-fields.ts"
import type { ProblemCode } from "./problem-codes.ts"

/** What is wrong with one field. `pointer`: RFC 6901, into the request's body, or `/` and the query parameter's name. */
export type Flaw = { readonly pointer: string; readonly detail: string }

type Particulars = {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors: readonly Flaw[]
  readonly requestId: string | null
  readonly retryAfterSeconds: number | null
}

/** An answer that says no: the problem details of RFC 9457, typed. */
export class TocsinProblem extends Error {
  readonly status: number
  /**
   * What to decide by. `unexpected_response` is this client's own: something between here and Tocsin answered, or the
   * base URL leads elsewhere. Newer servers may have codes that this version does not list.
   */
  readonly code: ProblemCode | "unexpected_response" | (string & {})
  readonly title: string
  /** What happened and what to do about it. */
  readonly detail: string
  readonly errors: readonly Flaw[]
  /** Tell it to the operator: the server's log has it. */
  readonly requestId: string | null
  /** How long the server asks to wait; null when it does not. */
  readonly retryAfterSeconds: number | null

  constructor(particulars: Particulars, options?: ErrorOptions) {
    const { title, detail, errors } = particulars
    const flaws = errors.map((flaw) => `\n  ${flaw.pointer}: ${flaw.detail}`).join("")
    super(`${title}. ${detail}${flaws}`, options)
    this.name = "TocsinProblem"
    this.status = particulars.status
    this.code = particulars.code
    this.title = title
    this.detail = detail
    this.errors = errors
    this.requestId = particulars.requestId
    this.retryAfterSeconds = particulars.retryAfterSeconds
  }
}

/** No answer came: the network failed, or the time was up. Nothing is known of what the server did. */
export class TocsinUnreachable extends Error {
  constructor(message: string, options: ErrorOptions) {
    super(message, options)
    this.name = "TocsinUnreachable"
  }
}

/** Reads the problem from a response that is not 2xx, whoever wrote it. */
export function problemOf(response: Response, text: string, nowMs: number): TocsinProblem {
  const body = parsed(text)
  const retryAfterSeconds = retryAfter(response.headers.get("retry-after"), nowMs)
  if (!isFields(body) || typeof body.code !== "string") {
    const title = `Not an answer of Tocsin's (status ${response.status})`
    return unexpected(response.status, title, retryAfterSeconds)
  }
  return new TocsinProblem({
    status: response.status,
    code: body.code,
    title: textOr(body.title, `Status ${response.status}`),
    detail: textOr(body.detail, ""),
    errors: Array.isArray(body.errors) ? body.errors.filter(isFlaw) : [],
    requestId: typeof body.request_id === "string" ? body.request_id : null,
    retryAfterSeconds,
  })
}

export function unexpected(status: number, title: string, retryAfterSeconds: number | null = null): TocsinProblem {
  const detail = "Check the base URL, and what stands between here and the server."
  return new TocsinProblem({
    status,
    code: "unexpected_response",
    title,
    detail,
    errors: [],
    requestId: null,
    retryAfterSeconds,
  })
}

/** RFC 9110 §10.2.3: seconds or a date. */
function retryAfter(header: string | null, nowMs: number): number | null {
  if (header === null) return null
  if (/^\d{1,9}$/.test(header)) return Number(header)
  const atMs = Date.parse(header)
  return Number.isNaN(atMs) ? null : Math.max(0, Math.ceil((atMs - nowMs) / 1000))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isFlaw(value: unknown): value is Flaw {
  return isFields(value) && typeof value.pointer === "string" && typeof value.detail === "string"
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise
}

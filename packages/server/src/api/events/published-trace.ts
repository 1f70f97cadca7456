import type { FastifyRequest } from "fastify"
import { type TraceContext, traceContextOf } from "../../domain/trace-context.ts"

/** The trace in which the request was made; null without one, or with one that is not valid. */
export function publishedTrace({ headers }: Pick<FastifyRequest, "headers">): TraceContext | null {
  // Most have none: the other header is then not looked at either.
  return headers.traceparent === undefined ? null : traceContextOf(headers.traceparent, headers.tracestate)
}

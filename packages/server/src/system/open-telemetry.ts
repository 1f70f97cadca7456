import { randomUUID } from "node:crypto"
import { type Attributes, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { parseTraceParent, setGlobalErrorHandler, TraceState } from "@opentelemetry/core"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources"
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace"
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
  ATTR_URL_SCHEME,
} from "@opentelemetry/semantic-conventions"
import { type TraceContext, traceContextIn } from "../domain/trace-context.ts"
import type { Tracing } from "../ports/tracing.ts"

type Sampling = {
  readonly kind: "always_on" | "always_off" | "traceidratio"
  /** Of the traces that begin here, from 0 to 1; for `traceidratio`. */
  readonly ratio: number
  /** Whether a publisher's decision counts before ours. */
  readonly parentBased: boolean
}

export type TracingOptions = {
  /** Where spans are posted as OTLP in JSON. Headers, timeout and certificates: the exporter reads `OTEL_EXPORTER_OTLP_…`. */
  readonly url: string
  readonly sampling: Sampling
  readonly queue: { readonly spansMax: number; readonly batchMax: number; readonly delayMs: number }
}

/** Collectors that are away are told of once in a while, not with each batch. */
const faultEveryMs = 60_000

/**
 * Traces by OpenTelemetry. Loaded only when an operator has asked for them. Spans that cannot be sent in time are
 * dropped: an event never waits for its trace.
 */
export function openTracing(options: TracingOptions, version: string, onFault: (fault: unknown) => void): Tracing {
  let toldMs = Number.NEGATIVE_INFINITY
  setGlobalErrorHandler((fault) => {
    if (performance.now() - toldMs < faultEveryMs) return
    toldMs = performance.now()
    onFault(fault)
  })
  const { spansMax, batchMax, delayMs } = options.queue
  const named = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: "tocsin",
    [ATTR_SERVICE_VERSION]: version,
    [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
  })
  const provider = new TracerProvider({
    // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word.
    resource: named.merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(options.sampling),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url: options.url }),
        maxQueueSize: spansMax,
        maxExportBatchSize: batchMax,
        scheduledDelayMillis: delayMs,
      }),
    ],
  })
  const tracer = provider.getTracer("tocsin", version)

  return {
    accepting(workspaceId, types, from) {
      const [type] = types
      const attributes: Attributes = { "tocsin.workspace.id": workspaceId, "tocsin.events": types.length }
      if (type !== undefined && types.every((each) => each === type)) attributes["tocsin.event.type"] = type
      const span = tracer.startSpan("accept", { kind: SpanKind.SERVER, attributes }, contextOf(from))
      return {
        trace: traceOf(span),
        committing() {
          const commit = tracer.startSpan("commit", { kind: SpanKind.INTERNAL }, trace.setSpan(ROOT_CONTEXT, span))
          return () => commit.end()
        },
        accepted(ids, deliveries) {
          const [id] = ids
          if (id !== undefined && ids.length === 1) span.setAttribute("tocsin.event.id", id)
          span.setAttribute("tocsin.deliveries", deliveries).end()
        },
        // The publisher's mistake: by convention no error of a server's span.
        refused: (reason) => span.setAttribute(ATTR_ERROR_TYPE, reason).end(),
        failed(fault) {
          const [name, message] = fault instanceof Error ? [fault.name, fault.message] : ["Error", String(fault)]
          span.setAttribute(ATTR_ERROR_TYPE, name).setStatus({ code: SpanStatusCode.ERROR, message }).end()
        },
      }
    },
    attempting(delivery, url) {
      const number = delivery.attempts + 1
      const attributes: Attributes = {
        [ATTR_HTTP_REQUEST_METHOD]: "POST",
        ...targetOf(url),
        "tocsin.workspace.id": delivery.workspaceId,
        "tocsin.webhook.id": delivery.webhookId,
        "tocsin.delivery.id": delivery.id,
        "tocsin.event.id": delivery.eventId,
        "tocsin.event.type": delivery.eventType,
        "tocsin.attempt.number": number,
      }
      if (number > 1) attributes[ATTR_HTTP_REQUEST_RESEND_COUNT] = number - 1
      const from = delivery.trace === null ? null : traceContextIn(delivery.trace)
      const span = tracer.startSpan("POST", { kind: SpanKind.CLIENT, attributes }, contextOf(from))
      return {
        trace: traceOf(span),
        ended({ statusCode, error }, next) {
          if (statusCode !== null) span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, statusCode)
          if (error !== null)
            span
              .setAttribute(ATTR_ERROR_TYPE, error.code)
              .setStatus({ code: SpanStatusCode.ERROR, message: error.message })
          span.setAttribute("tocsin.delivery.state", next.state === "waiting" ? "retrying" : next.state).end()
        },
      }
    },
    close: () => provider.shutdown().catch(onFault),
  }
}

/** No path and no query: in the URLs of webhooks these are often the credential. */
function targetOf(url: string): Attributes {
  const { hostname, port, protocol } = new URL(url)
  const scheme = protocol.slice(0, -1)
  return {
    [ATTR_SERVER_ADDRESS]: hostname,
    [ATTR_SERVER_PORT]: port === "" ? (scheme === "https" ? 443 : 80) : Number(port),
    [ATTR_URL_SCHEME]: scheme,
  }
}

function contextOf(from: TraceContext | null) {
  const parent = from && parseTraceParent(from.traceparent)
  if (!from || !parent) return ROOT_CONTEXT
  const traceState = from.tracestate === null ? null : new TraceState(from.tracestate)
  return trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true, ...(traceState && { traceState }) })
}

function traceOf(span: Span): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const flags = (traceFlags & 0x03).toString(16)
  return { traceparent: `00-${traceId}-${spanId}-0${flags}`, tracestate: traceState?.serialize() || null }
}

function samplerOf({ kind, ratio, parentBased }: Sampling): Sampler {
  const root =
    kind === "traceidratio"
      ? new TraceIdRatioBasedSampler(ratio)
      : kind === "always_on"
        ? new AlwaysOnSampler()
        : new AlwaysOffSampler()
  return parentBased ? new ParentBasedSampler({ root }) : root
}

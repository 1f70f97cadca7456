/**
 * Where a trace has come to (W3C Trace Context, https://www.w3.org/TR/trace-context/): which trace, the last span of
 * it, whether it is recorded, and what tracing systems add for themselves.
 */
export type TraceContext = { readonly traceparent: string; readonly tracestate: string | null }

const headerNames: readonly string[] = ["traceparent", "tracestate"]

export function isTraceHeader(name: string): boolean {
  return headerNames.includes(name.toLowerCase())
}

// Version ff, and ids of zeros alone, are invalid (§3.2.2).
const traceparentPattern =
  /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16})-([0-9a-f]{2})((?:-[\x21-\x7e]{0,100})?)$/
/** Sampled and, since its second edition, random id. What other bits will mean is not known: they are cleared (§3.2.2.5). */
const knownFlags = 0x03

const tracestatePattern = /^[\t\x20-\x7e]+$/
/** What has to be passed on at least (§3.3.1.5); with more, none of it: to cut it would make somebody's entry wrong. */
const tracestateLengthMax = 512
const tracestateMembersMax = 32

/**
 * Reads the headers of a request. What is not valid is as if it had not been sent (§3.2, §3.3): a trace never refuses
 * an event.
 */
export function traceContextOf(traceparent: unknown, tracestate: unknown): TraceContext | null {
  if (typeof traceparent !== "string") return null
  const [, version, ids, flags = "", more] = traceparentPattern.exec(traceparent.trim()) ?? []
  if (version === undefined || (version === "00" && more !== "")) return null
  const known = (Number.parseInt(flags, 16) & knownFlags).toString(16)
  return { traceparent: `00-${ids}-0${known}`, tracestate: tracestateOf(tracestate) }
}

function tracestateOf(given: unknown): string | null {
  if (typeof given !== "string") return null
  const text = given.trim()
  const fits =
    text.length <= tracestateLengthMax && tracestatePattern.test(text) && text.split(",").length <= tracestateMembersMax
  return fits ? text : null
}

/** As it is stored with an event: `traceparent`, and after a space `tracestate` where there is one. */
export function traceText({ traceparent, tracestate }: TraceContext): string {
  return tracestate === null ? traceparent : `${traceparent} ${tracestate}`
}

/** @returns null when it is not what `traceText` writes. */
export function traceContextIn(text: string): TraceContext | null {
  const space = text.indexOf(" ")
  return space < 0 ? traceContextOf(text, null) : traceContextOf(text.slice(0, space), text.slice(space + 1))
}

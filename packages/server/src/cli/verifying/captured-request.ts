import { UsageError } from "../running/failures.ts"

/** A request as some receiver, proxy or log kept it. */
export type Captured = { readonly headers: CapturedHeaders; readonly body: Buffer }

export type CapturedHeaders = readonly (readonly [name: string, value: string])[]

/** All values of a header, whatever the case of its name (RFC 9110 §5.1). */
export function headerValues(headers: CapturedHeaders, name: string): readonly string[] {
  const wanted = name.toLowerCase()
  return headers.filter(([each]) => each.toLowerCase() === wanted).map(([, value]) => value)
}

/**
 * Reads headers in the forms in which people have them: `Name: value` lines, such as `curl -v` or a proxy's log print
 * them, with or without the request line; JSON as an object or as pairs; CGI's names (`HTTP_WEBHOOK_ID`), which PHP,
 * Ruby and Python hand over.
 *
 * @throws UsageError
 */
export function readHeaders(text: string): CapturedHeaders {
  const trimmed = text.replace(/^\ufeff/, "").trim()
  const headers = /^[[{]/.test(trimmed) ? fromJson(trimmed) : fromLines(trimmed)
  if (headers.length === 0) throw new UsageError('There are no headers. Give lines of "Name: value", or a JSON object.')
  return headers.map(([name, value]) => [plainName(name), value.trim()])
}

/** Splits a whole HTTP request into its headers and its body, which begins after the first empty line. @throws UsageError */
export function readRequest(bytes: Buffer): Captured {
  const ends = ["\r\n\r\n", "\n\n"]
    .map((end) => ({ at: bytes.indexOf(end), length: end.length }))
    .filter(({ at }) => at !== -1)
    .sort((one, other) => one.at - other.at)
  const end = ends[0]
  if (end === undefined) throw new UsageError("The request has no empty line between its headers and its body.")
  return {
    headers: readHeaders(bytes.subarray(0, end.at).toString("utf8")),
    body: Buffer.from(bytes.subarray(end.at + end.length)),
  }
}

function fromJson(text: string): CapturedHeaders {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new UsageError("The headers begin like JSON, and are none.", { cause: error })
  }
  if (Array.isArray(value)) return value.map(pair)
  if (typeof value !== "object" || value === null) throw new UsageError("The headers are no JSON object.")
  // What a log keeps of a whole request, headers and all.
  if ("headers" in value && typeof value.headers === "object" && value.headers !== null) {
    return fromJson(JSON.stringify(value.headers))
  }
  return Object.entries(value).flatMap(([name, held]) => texts(held).map((each) => [name, each] as const))
}

function pair(entry: unknown): readonly [string, string] {
  const [name, value] = Array.isArray(entry) ? texts(entry) : []
  if (name === undefined || value === undefined) throw new UsageError("The headers' list is not one of [name, value].")
  return [name, value]
}

/** Frameworks hand over a value, or a list of them. */
function texts(held: unknown): string[] {
  const list: unknown[] = Array.isArray(held) ? held : [held]
  return list.filter((each) => typeof each === "string" || typeof each === "number").map(String)
}

function fromLines(text: string): CapturedHeaders {
  return text.split(/\r?\n/).flatMap((written, at) => {
    // curl -v marks what was sent and what was received.
    const shown = written.replace(/^[<>] ?/, "").trim()
    if (shown === "" || (at === 0 && /^[A-Z]+ \S+( HTTP\/[\d.]+)?$/.test(shown))) return []
    const colon = shown.indexOf(":")
    if (colon < 1 || /\s/.test(shown.slice(0, colon).trim())) {
      throw new UsageError(`Line ${at + 1} of the headers is not "Name: value".`)
    }
    return [[shown.slice(0, colon).trim(), shown.slice(colon + 1)] as const]
  })
}

function plainName(name: string): string {
  return /^HTTP_[A-Z0-9_]+$/.test(name) ? name.slice("HTTP_".length).replaceAll("_", "-") : name
}

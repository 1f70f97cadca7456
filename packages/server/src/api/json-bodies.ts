import { isUtf8 } from "node:buffer"
import { pointerPart } from "../domain/json-pointer.ts"
import { closingQuote, memberTexts, memberTextsOfEach } from "../domain/json-source.ts"
import type { Api } from "./api-parts.ts"
import { Problem } from "./problems.ts"

/** A body as it came: members keep the publisher's own text, which parsing would lose. */
export type SentJson = { readonly members: ReadonlyMap<string, string> }

/** A request whose body has been checked. */
export type Sent<Body> = { readonly body: Body; sent: SentJson | null }

declare module "fastify" {
  interface FastifyRequest {
    /** Null for a request without a JSON object. */
    sent: SentJson | null
  }
}

/** What nests deeper is an attack on whoever walks it recursively, the receivers' parsers among them. */
export const jsonDepthMax = 100
/**
 * Of all objects in a body together: more than any batch of 5 MiB has whose members have names and values. The shortest that
 * can be written cost far more than their bytes.
 */
const jsonMembersMax = 500_000

/** Replaces Fastify's parsers: JSON only, strict UTF-8, bounded depth, and the text kept. */
export function takeJsonBodies(api: Api): void {
  api.decorateRequest("sent", null)
  api.removeAllContentTypeParsers()
  api.addContentTypeParser<Buffer>("application/json", { parseAs: "buffer" }, (request, bytes, done) => {
    if (bytes.length === 0) return done(null, undefined)
    try {
      refuseEncoded(request.headers["content-encoding"])
      const { value, members } = parse(bytes)
      if (members !== null) request.sent = { members }
      done(null, value)
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)), undefined)
    }
  })
}

/**
 * The body, and its members as they came. The request lets go of both: it lives until its answer has been sent, and
 * what it holds is copied by every collection of young objects until then (docs/decisions/0014).
 */
export function takenBody<Body>(request: Sent<Body>): {
  readonly body: Body
  readonly members: ReadonlyMap<string, string>
} {
  const { body, sent } = request
  Reflect.set(request, "body", undefined)
  request.sent = null
  return { body, members: sent?.members ?? new Map() }
}

/** A body that is compressed is taken for what it is not. */
function refuseEncoded(encoding: string | undefined): void {
  if (encoding === undefined || encoding.toLowerCase() === "identity") return
  throw new Problem("content_type_unsupported", {
    detail: "Content-Encoding is not understood: send the body as it is.",
  })
}

function parse(bytes: Buffer): { value: unknown; members: ReadonlyMap<string, string> | null } {
  // Decoding would silently replace what is not UTF-8, and so deliver something else than was sent.
  if (!isUtf8(bytes)) throw new Problem("json_malformed", { detail: "The body is not UTF-8." })
  const text = bytes.toString("utf8")
  const { depth, members } = extentOf(text)
  if (depth > jsonDepthMax) throw new Problem("json_too_deep")
  if (members > jsonMembersMax) throw new Problem("json_too_many_members")
  const value = parseOrRefuse(text)
  if (typeof value !== "object" || value === null || Array.isArray(value)) return { value, members: null }
  return { value, members: memberTexts(text, 0, (name) => refuseRepeated(`/${pointerPart(name)}`)) }
}

function parseOrRefuse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Only the position: the parser's own words quote the body, which may hold a secret.
    const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined
    throw new Problem("json_malformed", {
      detail: `The body is not valid JSON${position === undefined ? "" : ` at position ${position}`}.`,
    })
  }
}

/** The members' texts of each object in an array. @param pointer where the array stands in the body. */
export function distinctMembersOfEach(json: string, pointer: string): readonly ReadonlyMap<string, string>[] {
  return memberTextsOfEach(json, (name, index) => refuseRepeated(`${pointer}/${index}/${pointerPart(name)}`))
}

function refuseRepeated(pointer: string): never {
  throw new Problem("json_member_repeated", { errors: [{ pointer, detail: "is given twice" }] })
}

/** Looks at brackets and colons outside strings only, so it needs no valid JSON and no recursion. Ends early when over. */
function extentOf(text: string): { readonly depth: number; readonly members: number } {
  let open = 0
  let depth = 0
  let members = 0
  for (let at = 0; at < text.length && depth <= jsonDepthMax && members <= jsonMembersMax; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      at = closingQuote(text, at + 1)
      if (at === -1) break
    } else if (code === 0x5b || code === 0x7b) depth = Math.max(depth, ++open)
    else if (code === 0x5d || code === 0x7d) open--
    else if (code === 0x3a) members++
  }
  return { depth, members }
}

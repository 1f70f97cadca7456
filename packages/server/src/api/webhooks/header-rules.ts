import { headerMask, isCredentialHeader } from "../../domain/credential-headers.ts"
import { pointerPart } from "../../domain/json-pointer.ts"
import { isTraceHeader } from "../../domain/trace-context.ts"
import type { Profile } from "../../profiles/profile.ts"
import type { Flaw } from "../problems.ts"

type Headers = Readonly<Record<string, string>>

/** What the engine or HTTP itself sets: a customer's value would break the request or forge its meaning. */
const reserved = new Set([
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "te",
  "trailer",
  "upgrade",
  "expect",
  "date",
  "accept-encoding",
  // No field name of HTTP, but a trap for whoever copies the headers into a plain object.
  "__proto__",
])

// RFC 9110 §5.6.2 `token`, and §5.5 `field-value` without the obsolete bytes beyond ASCII.
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/
const fieldValue = /^[\t\x20-\x7e]*$/

/** Checks the customer's own headers. @param before the webhook's present ones, in the clear. */
export function headerFlaws(given: Headers, before: Headers, profile: Profile): Flaw[] {
  const seen = new Set<string>()
  return Object.entries(given).flatMap(([name, value]) => {
    const lower = name.toLowerCase()
    const repeated = seen.has(lower)
    seen.add(lower)
    const detail = repeated
      ? "is given twice: header names are the same in upper and lower case"
      : (nameFlaw(name, lower, profile) ?? valueFlaw(name, value, before))
    return detail === null ? [] : [{ pointer: `/headers/${pointerPart(name)}`, detail }]
  })
}

function nameFlaw(name: string, lower: string, profile: Profile): string | null {
  if (!token.test(name)) return "is not a valid header name (RFC 9110 §5.6.2)"
  const taken =
    reserved.has(lower) ||
    isTraceHeader(lower) ||
    lower.startsWith("webhook-") ||
    lower.startsWith(profile.headerPrefix.toLowerCase())
  return taken ? "is set by the engine or by HTTP itself; choose another name" : null
}

function valueFlaw(name: string, value: string, before: Headers): string | null {
  if (!fieldValue.test(value)) return "must be printable ASCII without line breaks"
  if (value !== value.trim()) return "must not begin or end with white space"
  if (value === headerMask && presentValue(name, before) === null) {
    return "is the mask under which values are shown; give the real value"
  }
  return null
}

/** The headers to keep: a mask sent back unchanged stands for the present value. */
export function unmaskedHeaders(given: Headers, before: Headers): Headers {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      value === headerMask ? (presentValue(name, before) ?? value) : value,
    ]),
  )
}

function presentValue(name: string, before: Headers): string | null {
  const found = Object.entries(before).find(([each]) => each.toLowerCase() === name.toLowerCase())
  return found && isCredentialHeader(found[0], found[1]) ? found[1] : null
}

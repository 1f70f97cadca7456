import { WebhookRefused } from "./refusal.ts"

/** Headers as any server hands them over: the web's `Headers`, or an object by name in whatever case. */
export type ReceivedHeaders =
  | { get(name: string): string | null }
  | { readonly [name: string]: string | readonly string[] | undefined }

/** A header's value, its name compared without regard to case (RFC 9110 §5.1); null without one. */
export function headerOf(headers: ReceivedHeaders, name: string): string | null {
  if (isWebHeaders(headers)) return headers.get(name)
  // Node's servers give lower-case names, so mostly the first look hits.
  const exact = ownValue(headers, name.toLowerCase())
  if (exact !== null) return exact
  const found = Object.keys(headers).find((key) => key.toLowerCase() === name.toLowerCase())
  return found === undefined ? null : ownValue(headers, found)
}

/** @throws WebhookRefused `header_missing` */
export function requiredHeader(headers: ReceivedHeaders, name: string): string {
  const value = headerOf(headers, name)
  if (value === null || value === "") {
    throw new WebhookRefused(
      "header_missing",
      `The header ${name} is missing. Check that this request comes from the webhook, and that no proxy removes headers.`,
    )
  }
  return value
}

function isWebHeaders(headers: ReceivedHeaders): headers is { get(name: string): string | null } {
  return typeof headers.get === "function"
}

function ownValue(headers: { readonly [name: string]: string | readonly string[] | undefined }, name: string) {
  if (!Object.hasOwn(headers, name)) return null
  const value = headers[name]
  if (value === undefined) return null
  // A header that came twice is one list (RFC 9110 §5.3).
  return typeof value === "string" ? value : value.join(", ")
}

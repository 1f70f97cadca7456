import { type Address, judgeAddress, parseAddress } from "./address-rules.ts"
import type { TargetPolicy } from "./allowed-targets.ts"

/** api.md, "Webhooks": `url`. */
const urlLengthMax = 2_048

/** Where to send, read out of a URL that passed the rules which need no name lookup. */
export type Target = Endpoint & {
  readonly origin: string
  /** Path and query, as the request line carries them. */
  readonly path: string
}

/** The part of a target that a connection has. */
export type Endpoint = {
  /** https; a target that is not needs an exemption. */
  readonly secure: boolean
  /** As `URL` normalises it, an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
}

export type TargetCheck =
  | { readonly ok: true; readonly target: Target }
  | { readonly ok: false; readonly because: string }

const remedy = "List it in TOCSIN_ALLOWED_TARGETS to permit it."

/** Spaces and control characters, which `URL` would silently drop or encode. */
const unprintable = /[^!-~\u0080-\u{10ffff}]/u

/** Checks a URL without asking the DNS; an IP address in it, however spelt, is judged at once. */
export function checkTarget(url: string, policy: TargetPolicy): TargetCheck {
  if (url.length > urlLengthMax) return refused(`the URL is longer than ${urlLengthMax} characters`)
  if (unprintable.test(url) || !URL.canParse(url)) return refused("it is not a valid URL")
  const parsed = new URL(url)
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:") return refused("the URL must begin with https://")
  if (hasCredentials(url, parsed)) return refused("the URL must not carry a user name or password")
  if (url.includes("#")) return refused("the URL must not have a fragment (#)")
  const secure = parsed.protocol === "https:"
  const target: Target = {
    secure,
    origin: parsed.origin,
    host: parsed.hostname.startsWith("[") ? parsed.hostname.slice(1, -1) : parsed.hostname,
    port: parsed.port === "" ? (secure ? 443 : 80) : Number(parsed.port),
    path: parsed.pathname + parsed.search,
  }
  const because = parseAddress(target.host) === null ? deniedHost(target, policy) : refusalOfLiteral(target, policy)
  return because === null ? { ok: true, target } : refused(because)
}

/** Why an endpoint given by its IP address may not be dialled; null when it may. */
function refusalOfLiteral(endpoint: Endpoint, policy: TargetPolicy): string | null {
  return refusalOfAddresses(endpoint, [endpoint.host], policy)
}

/**
 * Why an endpoint may not be dialled at the addresses its name resolved to; null when it may. One bad address among
 * them is enough, since the receiver's DNS decides which of them would be dialled.
 */
export function refusalOfAddresses(
  endpoint: Endpoint,
  addresses: readonly string[],
  policy: TargetPolicy,
): string | null {
  const denied = deniedHost(endpoint, policy) ?? deniedAddress(endpoint, addresses, policy)
  if (denied !== null) return denied
  if (policy.allowed.hostListed(endpoint.host, endpoint.port)) return null
  for (const text of addresses) {
    const because = refusalOfAddress(endpoint, parseAddress(text), policy)
    if (because !== null) return because
  }
  return null
}

/** An operator's own list, which no exemption outweighs. */
function deniedHost(endpoint: Endpoint, { denied }: TargetPolicy): string | null {
  return denied.hostListed(endpoint.host, endpoint.port) ? deniedByOperator(endpoint) : null
}

function deniedAddress(endpoint: Endpoint, addresses: readonly string[], { denied }: TargetPolicy): string | null {
  const listed = addresses.some((text) => {
    const address = parseAddress(text)
    return address !== null && denied.addressListed(address, endpoint.port)
  })
  return listed ? deniedByOperator(endpoint) : null
}

function deniedByOperator(endpoint: Endpoint): string {
  return `${endpoint.host} is not sent to, by this server's TOCSIN_DENIED_TARGETS. Use another host, or ask the operator.`
}

/** The answer names the range, not the address: a tenant need not learn where the operator's inner names point. */
function refusalOfAddress(endpoint: Endpoint, address: Address | null, policy: TargetPolicy): string | null {
  if (address === null) return `${endpoint.host} does not resolve to an IP address`
  if (policy.allowed.addressListed(address, endpoint.port)) return null
  const judgement = judgeAddress(address)
  if (judgement.denied) return `${endpoint.host} is at an address never sent to (${judgement.range}). ${remedy}`
  if (!endpoint.secure) return unexemptHttp(endpoint)
  return null
}

export function unexemptHttp(endpoint: Endpoint): string {
  return `the URL must begin with https://: ${endpoint.host} is not exempt. ${remedy}`
}

/** `URL` forgets an empty user name (`https://@host/`), so the text is asked as well. */
function hasCredentials(url: string, parsed: URL): boolean {
  if (parsed.username !== "" || parsed.password !== "") return true
  const authority = /^[a-z]+:[/\\]*([^/\\?#]*)/i.exec(url)?.[1] ?? ""
  return authority.includes("@")
}

function refused(because: string): TargetCheck {
  return { ok: false, because }
}

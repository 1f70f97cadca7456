import { domainToASCII } from "node:url"
import ipaddr from "ipaddr.js"
import { type Address, type Block, inBlock, parseAddress } from "./address-rules.ts"

/**
 * Targets that an operator listed. A host is listed wherever it points; a block is listed whatever name points into it.
 */
export type TargetList = {
  /** @param host as a URL holds it: lower case, in ASCII. */
  hostListed(host: string, port: number): boolean
  addressListed(address: Address, port: number): boolean
}

/** A list as it was parsed, with the text it was parsed from: functions cannot cross to another thread. */
export type ParsedTargets = TargetList & { readonly setting: string }

/** `port` null stands for every port. */
type HostEntry = { readonly host: string; readonly subdomainsOnly: boolean; readonly port: number | null }
type BlockEntry = { readonly block: Block; readonly port: number | null }

/** What an operator says about targets, beside the rules that always hold. */
export type TargetPolicy = {
  /** Exempt from the https-only and private-address rules (`TOCSIN_ALLOWED_TARGETS`). */
  readonly allowed: TargetList
  /** Never sent to, exempt or not (`TOCSIN_DENIED_TARGETS`). */
  readonly denied: TargetList
}

type Setting = "TOCSIN_ALLOWED_TARGETS" | "TOCSIN_DENIED_TARGETS"

export function parseAllowedTargets(setting: string): ParsedTargets {
  return parseTargets(setting, "TOCSIN_ALLOWED_TARGETS")
}

export function parseDeniedTargets(setting: string): ParsedTargets {
  return parseTargets(setting, "TOCSIN_DENIED_TARGETS")
}

/**
 * Reads a setting: entries separated by commas, each a CIDR, an IP address, a host name or `*.suffix` (the names
 * below it, not itself); all but a CIDR may carry `:port`, an IPv6 address then in brackets.
 *
 * @throws Error of one line that names the entry at fault.
 */
function parseTargets(setting: string, name: Setting): ParsedTargets {
  const hosts: HostEntry[] = []
  const blocks: BlockEntry[] = []
  for (const part of setting.split(",")) {
    const entry = part.trim()
    if (entry === "") continue
    const parsed = parseEntry(entry, name)
    if ("block" in parsed) blocks.push(parsed)
    else hosts.push(parsed)
  }
  return {
    setting,
    hostListed(host, port) {
      const name = withoutRootDot(host)
      return hosts.some((entry) => portFits(entry.port, port) && hostFits(entry, name))
    },
    addressListed: (address, port) =>
      blocks.some((entry) => portFits(entry.port, port) && inBlock(address, entry.block)),
  }
}

export const nothingListed: TargetList = parseAllowedTargets("")

/** What holds unless the operator says otherwise. */
export const strictPolicy: TargetPolicy = { allowed: nothingListed, denied: nothingListed }

/** `name.` and `name` are the same name; the dot only says that it is whole (RFC 1034 §3.1). */
export function withoutRootDot(host: string): string {
  return host.endsWith(".") ? host.slice(0, -1) : host
}

function portFits(listed: number | null, port: number): boolean {
  return listed === null || listed === port
}

function hostFits(entry: HostEntry, name: string): boolean {
  return entry.subdomainsOnly ? name.endsWith(`.${entry.host}`) : name === entry.host
}

function parseEntry(entry: string, setting: Setting): HostEntry | BlockEntry {
  if (entry.includes("://")) throw wrong(setting, entry, "give a host or a CIDR, not a URL")
  if (entry.includes("/")) return { block: parseBlock(entry, setting), port: null }
  const { host, port } = splitPort(entry, setting)
  const address = parseListedAddress(host)
  if (address !== null) return { block: [address, address.kind() === "ipv4" ? 32 : 128], port }
  const subdomainsOnly = host.startsWith("*.")
  const name = withoutRootDot(domainToASCII(subdomainsOnly ? host.slice(2) : host))
  if (!hostName.test(name)) throw wrong(setting, entry, "it is neither a CIDR, an IP address nor a host name")
  // What a URL would read as an address (127.1, 0x7f000001) would never be met as a name.
  if (parseAddress(name) !== null) throw wrong(setting, entry, "write the IP address in full")
  return { host: name, subdomainsOnly, port }
}

/** Letters, digits, hyphens and, as internal names have them, underscores. */
const hostName = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/

function parseBlock(entry: string, setting: Setting): Block {
  const ipv4 = ipaddr.IPv4.isValidCIDRFourPartDecimal(entry)
  if (!ipv4 && !(entry.includes(":") && ipaddr.IPv6.isValidCIDR(entry))) throw wrong(setting, entry, "it is not a CIDR")
  const [network, prefixBits] = ipaddr.parseCIDR(entry)
  // Mapped addresses are compared as the IPv4 addresses they stand for, so a block of them has to be one of IPv4.
  if (network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && prefixBits >= 96) {
    return [network.toIPv4Address(), prefixBits - 96]
  }
  return [network, prefixBits]
}

function parseListedAddress(host: string): Address | null {
  const bare = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return null
  return parseAddress(bare)
}

function splitPort(entry: string, setting: Setting): { readonly host: string; readonly port: number | null } {
  const colon = entry.lastIndexOf(":")
  const bareIpv6 = !entry.startsWith("[") && entry.indexOf(":") !== colon
  if (colon === -1 || bareIpv6 || entry.endsWith("]")) return { host: entry, port: null }
  const digits = entry.slice(colon + 1)
  const port = Number(digits)
  if (!/^\d{1,5}$/.test(digits) || port < 1 || port > 65_535)
    throw wrong(setting, entry, "a port is a number from 1 to 65535")
  return { host: entry.slice(0, colon), port }
}

function wrong(setting: Setting, entry: string, because: string): Error {
  return new Error(`${setting}: ${JSON.stringify(entry)} is wrong: ${because}`)
}

import { domainToASCII } from "node:url"
import ipaddr from "ipaddr.js"
import { type Address, type Block, inBlock, parseAddress } from "./address-rules.ts"

/**
 * What an operator exempted, in `TOCSIN_ALLOWED_TARGETS`, from the https-only and private-address rules. A listed
 * host is trusted wherever it points; a listed block is trusted whatever name points into it.
 */
export type AllowedTargets = {
  /** @param host as a URL holds it: lower case, in ASCII. */
  hostListed(host: string, port: number): boolean
  addressListed(address: Address, port: number): boolean
}

/** `port` null stands for every port. */
type HostEntry = { readonly host: string; readonly subdomainsOnly: boolean; readonly port: number | null }
type BlockEntry = { readonly block: Block; readonly port: number | null }

/**
 * Reads the setting: entries separated by commas, each a CIDR, an IP address, a host name or `*.suffix` (the names
 * below it, not itself); all but a CIDR may carry `:port`, an IPv6 address then in brackets.
 *
 * @throws Error of one line that names the entry at fault.
 */
export function parseAllowedTargets(setting: string): AllowedTargets {
  const hosts: HostEntry[] = []
  const blocks: BlockEntry[] = []
  for (const part of setting.split(",")) {
    const entry = part.trim()
    if (entry === "") continue
    const parsed = parseEntry(entry)
    if ("block" in parsed) blocks.push(parsed)
    else hosts.push(parsed)
  }
  return {
    hostListed(host, port) {
      const name = withoutRootDot(host)
      return hosts.some((entry) => portFits(entry.port, port) && hostFits(entry, name))
    },
    addressListed: (address, port) =>
      blocks.some((entry) => portFits(entry.port, port) && inBlock(address, entry.block)),
  }
}

/** Nothing is exempt: what holds unless the operator says otherwise. */
export const nothingAllowed: AllowedTargets = parseAllowedTargets("")

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

function parseEntry(entry: string): HostEntry | BlockEntry {
  if (entry.includes("://")) throw wrong(entry, "give a host or a CIDR, not a URL")
  if (entry.includes("/")) return { block: parseBlock(entry), port: null }
  const { host, port } = splitPort(entry)
  const address = parseListedAddress(host)
  if (address !== null) return { block: [address, address.kind() === "ipv4" ? 32 : 128], port }
  const subdomainsOnly = host.startsWith("*.")
  const name = withoutRootDot(domainToASCII(subdomainsOnly ? host.slice(2) : host))
  if (!hostName.test(name)) throw wrong(entry, "it is neither a CIDR, an IP address nor a host name")
  // What a URL would read as an address (127.1, 0x7f000001) would never be met as a name.
  if (parseAddress(name) !== null) throw wrong(entry, "write the IP address in full")
  return { host: name, subdomainsOnly, port }
}

/** Letters, digits, hyphens and, as internal names have them, underscores. */
const hostName = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/

function parseBlock(entry: string): Block {
  const ipv4 = ipaddr.IPv4.isValidCIDRFourPartDecimal(entry)
  if (!ipv4 && !(entry.includes(":") && ipaddr.IPv6.isValidCIDR(entry))) throw wrong(entry, "it is not a CIDR")
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

function splitPort(entry: string): { readonly host: string; readonly port: number | null } {
  const colon = entry.lastIndexOf(":")
  const bareIpv6 = !entry.startsWith("[") && entry.indexOf(":") !== colon
  if (colon === -1 || bareIpv6 || entry.endsWith("]")) return { host: entry, port: null }
  const digits = entry.slice(colon + 1)
  const port = Number(digits)
  if (!/^\d{1,5}$/.test(digits) || port < 1 || port > 65_535) throw wrong(entry, "a port is a number from 1 to 65535")
  return { host: entry.slice(0, colon), port }
}

function wrong(entry: string, because: string): Error {
  return new Error(`TOCSIN_ALLOWED_TARGETS: ${JSON.stringify(entry)} is wrong: ${because}`)
}

import { isIPv6 } from "node:net"
import ipaddr from "ipaddr.js"

/** An IP address in its plain form: an IPv4-mapped IPv6 address has become the IPv4 address it stands for. */
export type Address = ipaddr.IPv4 | ipaddr.IPv6

/** A block of addresses, as the pair that ipaddr.js matches against. */
export type Block = readonly [Address, prefixBits: number]

export type Judgement = { readonly denied: false } | { readonly denied: true; readonly range: string }

/** IPv4 blocks never sent to, from the IANA special-purpose registry (RFC 6890) and the clouds' own. */
const deniedIpv4 = named([
  ["0.0.0.0/8", "this network"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "carrier-grade NAT"],
  ["127.0.0.0/8", "loopback"],
  // The metadata services of most clouds answer on 169.254.169.254.
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "IETF protocol assignments"],
  ["192.0.2.0/24", "documentation"],
  ["192.88.99.0/24", "6to4 relay"],
  ["192.168.0.0/16", "private"],
  ["198.18.0.0/15", "benchmarking"],
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["240.0.0.0/4", "reserved"],
  // A public address by every registry, yet it is Azure's own host service, reachable from each of its machines.
  ["168.63.129.16/32", "cloud host service"],
])

/** IPv6 is the other way round: only global unicast is allowed, because new special blocks appear outside it. */
const globalUnicast = block("2000::/3")

/** Blocks inside global unicast that are not for us, and blocks outside it that deserve their name in the answer. */
const deniedIpv6 = named([
  ["2001::/32", "Teredo"],
  ["2001::/23", "IETF protocol assignments"],
  ["2001:db8::/32", "documentation"],
  ["2002::/16", "6to4"],
  ["3fff::/20", "documentation"],
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["::/96", "IPv4-compatible"],
  // Where the IPv4 address sits depends on the local translator (RFC 8215), so it cannot be read out and judged.
  ["64:ff9b:1::/48", "local NAT64"],
  ["fc00::/7", "private"],
  ["fe80::/10", "link-local"],
  ["ff00::/8", "multicast"],
])

/** The well-known NAT64 prefix (RFC 6052 §2.1): DNS64 networks reach every IPv4 receiver through it. */
const nat64 = block("64:ff9b::/96")

/**
 * Reads an address in any notation, the old IPv4 ones (octal, hex, short) included: they are what `inet_aton` reads,
 * so a resolver or a system call could read them too. Only parsed addresses may be compared, since each has many
 * texts (URLs write `::ffff:127.0.0.1` as `::ffff:7f00:1`).
 *
 * @param text without brackets.
 * @returns null when it is not an IP address.
 */
export function parseAddress(text: string): Address | null {
  if (text.includes(":")) return isIPv6(text) ? ipaddr.process(withoutDots(text)) : null
  return ipaddr.IPv4.isValid(text) ? ipaddr.IPv4.parse(text) : null
}

/**
 * Writes the dotted end of an IPv6 address in hex. ipaddr.js takes `::8.8.8.8` for the mapped `::ffff:8.8.8.8`, and
 * resolvers print the unroutable `::808:808` just so: it would be judged by an address that is not dialled.
 */
function withoutDots(ipv6: string): string {
  return ipv6.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)/, (_all, a: string, b: string, c: string, d: string) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((group) => group.toString(16)).join(":"),
  )
}

/**
 * Whether the address may never be sent to (unless an operator listed it), and the name of the range it lies in.
 * An address that carries another is denied when either is.
 */
export function judgeAddress(address: Address): Judgement {
  if (address.kind() === "ipv4") return judgedBy(deniedIpv4, address)
  const carried = carriedByNat64(address)
  if (carried !== null) {
    const judgement = judgeAddress(carried)
    return judgement.denied ? { denied: true, range: `NAT64 of ${judgement.range}` } : judgement
  }
  const judgement = judgedBy(deniedIpv6, address)
  if (judgement.denied) return { denied: true, range: withCarried(judgement.range, address) }
  return inBlock(address, globalUnicast) ? judgement : { denied: true, range: "not global unicast" }
}

/** Whether the address, or the IPv4 address it reaches through NAT64, lies in the block. */
export function inBlock(address: Address, [network, prefixBits]: Block): boolean {
  if (address.kind() === network.kind() && address.match(network, prefixBits)) return true
  const carried = network.kind() === "ipv4" ? carriedByNat64(address) : null
  return carried?.match(network, prefixBits) ?? false
}

/** @returns the IPv4 address that a NAT64 gateway would dial for it; null when it is none for a gateway. */
function carriedByNat64(address: Address): ipaddr.IPv4 | null {
  if (address.kind() === "ipv4" || !address.match(nat64[0], nat64[1])) return null
  return new ipaddr.IPv4(address.toByteArray().slice(12, 16))
}

/** Names what a transition address would have reached: "6to4 of loopback" tells more than "6to4". */
function withCarried(range: string, address: Address): string {
  const bytes = address.toByteArray()
  const octets =
    range === "6to4"
      ? bytes.slice(2, 6)
      : range === "IPv4-compatible"
        ? bytes.slice(12, 16)
        : range === "Teredo" // RFC 4380 §4: the client's address, every bit turned over
          ? bytes.slice(12, 16).map((byte) => byte ^ 0xff)
          : null
  if (octets === null) return range
  const carried = judgedBy(deniedIpv4, new ipaddr.IPv4(octets))
  return carried.denied ? `${range} of ${carried.range}` : range
}

type NamedBlock = { readonly block: Block; readonly name: string }

function judgedBy(blocks: readonly NamedBlock[], address: Address): Judgement {
  const hit = blocks.find(({ block: [network, prefixBits] }) => address.match(network, prefixBits))
  return hit === undefined ? { denied: false } : { denied: true, range: hit.name }
}

function named(list: readonly (readonly [cidr: string, name: string])[]): readonly NamedBlock[] {
  return list.map(([cidr, name]) => ({ block: block(cidr), name }))
}

function block(cidr: string): Block {
  return ipaddr.parseCIDR(cidr)
}

import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { judgeAddress, parseAddress } from "../../src/send/address-rules.ts"

function rangeOf(text: string): string | null {
  const address = parseAddress(text)
  if (address === null) throw new Error(`${text} is no address`)
  const judgement = judgeAddress(address)
  return judgement.denied ? judgement.range : null
}

describe("IPv4: each denied block from its first to its last address, and its neighbours outside", () => {
  test.each([
    // block, first, last, range, the address before it, the one after it (null where that is denied as well)
    ["0/8", "0.0.0.0", "0.255.255.255", "this network", null, "1.0.0.0"],
    ["10/8", "10.0.0.0", "10.255.255.255", "private", "9.255.255.255", "11.0.0.0"],
    ["100.64/10", "100.64.0.0", "100.127.255.255", "carrier-grade NAT", "100.63.255.255", "100.128.0.0"],
    ["127/8", "127.0.0.0", "127.255.255.255", "loopback", "126.255.255.255", "128.0.0.0"],
    ["169.254/16", "169.254.0.0", "169.254.255.255", "link-local", "169.253.255.255", "169.255.0.0"],
    ["172.16/12", "172.16.0.0", "172.31.255.255", "private", "172.15.255.255", "172.32.0.0"],
    ["192.0.0/24", "192.0.0.0", "192.0.0.255", "IETF protocol assignments", "191.255.255.255", "192.0.1.0"],
    ["192.0.2/24", "192.0.2.0", "192.0.2.255", "documentation", "192.0.1.255", "192.0.3.0"],
    ["192.88.99/24", "192.88.99.0", "192.88.99.255", "6to4 relay", "192.88.98.255", "192.88.100.0"],
    ["192.168/16", "192.168.0.0", "192.168.255.255", "private", "192.167.255.255", "192.169.0.0"],
    ["198.18/15", "198.18.0.0", "198.19.255.255", "benchmarking", "198.17.255.255", "198.20.0.0"],
    ["198.51.100/24", "198.51.100.0", "198.51.100.255", "documentation", "198.51.99.255", "198.51.101.0"],
    ["203.0.113/24", "203.0.113.0", "203.0.113.255", "documentation", "203.0.112.255", "203.0.114.0"],
    ["224/4", "224.0.0.0", "239.255.255.255", "multicast", "223.255.255.255", null],
    ["240/4", "240.0.0.0", "255.255.255.255", "reserved", null, null],
    ["168.63.129.16", "168.63.129.16", "168.63.129.16", "cloud host service", "168.63.129.15", "168.63.129.17"],
  ])("%s", (_block, first, last, range, before, after) => {
    expect(rangeOf(first)).toBe(range)
    expect(rangeOf(last)).toBe(range)
    if (before !== null) expect(rangeOf(before)).toBeNull()
    if (after !== null) expect(rangeOf(after)).toBeNull()
  })
})

describe("IPv6: only global unicast, less its special blocks", () => {
  test.each([
    "2000::",
    "2001:200::", // the first after 2001::/23
    "2001:4860:4860::8888",
    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
    "2001:db9::",
    "2003::",
    "2606:4700:4700::1111",
    "2a00:1450:4001:81b::200e",
    "3ffe:ffff::",
    "3fff:1000::", // the first after 3fff::/20
  ])("%s is allowed", (address) => expect(rangeOf(address)).toBeNull())

  test.each([
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["::7f00:1", "IPv4-compatible of loopback"],
    ["::10.0.0.1", "IPv4-compatible of private"],
    ["::8.8.8.8", "IPv4-compatible"],
    ["100::1", "not global unicast"],
    ["1fff:ffff::1", "not global unicast"],
    ["2001::1", "Teredo of reserved"], // all ones, turned over
    ["2001:0:4136:e378:8000:63bf:80ff:fffe", "Teredo of loopback"], // 127.0.0.1, its bits turned over
    ["2001:0:4136:e378:8000:63bf:5601:5601", "Teredo of link-local"], // 169.254.169.254
    ["2001:1::1", "IETF protocol assignments"],
    ["2001:1ff:ffff::", "IETF protocol assignments"],
    ["2001:db8::1", "documentation"],
    ["2001:db8:ffff::", "documentation"],
    ["2002::", "6to4 of this network"],
    ["2002:7f00:1::", "6to4 of loopback"],
    ["2002:a9fe:a9fe::1", "6to4 of link-local"],
    ["2002:808:808::1", "6to4"],
    ["2002:ffff::", "6to4 of reserved"],
    ["3fff::1", "documentation"],
    ["3fff:fff:ffff::", "documentation"],
    ["4000::", "not global unicast"],
    ["5f00::1", "not global unicast"],
    ["64:ff9b:1::7f00:1", "local NAT64"],
    ["64:ff9b:1:7f00:0:100:808:808", "local NAT64"],
    ["64:ff9b:1::808:808", "local NAT64"],
    ["64:ff9b:2::1", "not global unicast"],
    ["64:ff9a::808:808", "not global unicast"],
    ["fc00::1", "private"],
    ["fd00:ec2::254", "private"],
    ["fe80::1", "link-local"],
    ["febf::1", "link-local"],
    ["fec0::1", "not global unicast"],
    ["ff02::1", "multicast"],
  ])("%s is denied: %s", (address, range) => expect(rangeOf(address)).toBe(range))

  test.each([
    ["::ffff:127.0.0.1", "loopback"],
    ["::ffff:7f00:1", "loopback"],
    ["::ffff:a9fe:a9fe", "link-local"],
    ["0:0:0:0:0:ffff:a00:1", "private"],
    ["::ffff:168.63.129.16", "cloud host service"],
    ["::ffff:8.8.8.8", null],
    ["64:ff9b::127.0.0.1", "NAT64 of loopback"],
    ["64:ff9b::a9fe:a9fe", "NAT64 of link-local"],
    ["64:ff9b::a83f:8110", "NAT64 of cloud host service"],
    ["64:ff9b::8.8.8.8", null],
  ])("%s is what it carries: %s", (address, range) => expect(rangeOf(address)).toBe(range))
})

test("an IPv4 address has the same verdict bare, mapped and through NAT64", () => {
  fc.assert(
    fc.property(fc.ipV4(), (ipv4) => {
      const bare = rangeOf(ipv4)
      expect(rangeOf(`::ffff:${ipv4}`)).toBe(bare)
      expect(rangeOf(`64:ff9b::${ipv4}`)).toBe(bare === null ? null : `NAT64 of ${bare}`)
      expect(rangeOf(`::${ipv4}`)).not.toBeNull()
    }),
  )
})

test("what the old notations of inet_aton mean is judged, not how they look", () => {
  for (const text of ["127.1", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "0x7f000001", "017700000001"]) {
    expect(rangeOf(text), text).toBe("loopback")
  }
})

test("what is no address is not taken for one", () => {
  for (const text of ["", "localhost", "1.2.3.4.5", "256.1.1.1", "[::1]", "::g", "1.2.3.4/8", "example.com"]) {
    expect(parseAddress(text), text).toBeNull()
  }
})

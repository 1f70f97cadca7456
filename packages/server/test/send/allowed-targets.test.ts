import { describe, expect, test } from "vitest"
import { parseAddress } from "../../src/send/address-rules.ts"
import { parseAllowedTargets } from "../../src/send/allowed-targets.ts"

function listed(setting: string, address: string, port = 443): boolean {
  const parsed = parseAddress(address)
  if (parsed === null) throw new Error(`${address} is no address`)
  return parseAllowedTargets(setting).addressListed(parsed, port)
}

describe("addresses", () => {
  test.each([
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.1.2.3/8", "10.9.9.9", true],
    ["10.0.0.0/8", "::ffff:10.0.0.1", true],
    ["10.0.0.0/8", "64:ff9b::10.0.0.1", true],
    ["10.0.0.0/8", "2002:a00:1::", false],
    ["::ffff:10.0.0.0/104", "10.0.0.1", true],
    ["127.0.0.1", "127.0.0.1", true],
    ["127.0.0.1", "127.0.0.2", false],
    ["fd00::/8", "fd12::1", true],
    ["fd00::/8", "fe80::1", false],
    ["::1", "::1", true],
    ["[::1]", "::1", true],
    ["0.0.0.0/0", "::1", false],
    [" 10.0.0.0/8 , ::1,", "::1", true],
    ["", "127.0.0.1", false],
  ])("%s, %s: %s", (setting, address, expected) => expect(listed(setting, address)).toBe(expected))

  test("a port narrows the entry to that port", () => {
    expect(listed("127.0.0.1:8443", "127.0.0.1", 8443)).toBe(true)
    expect(listed("127.0.0.1:8443", "127.0.0.1", 443)).toBe(false)
    expect(listed("[::1]:8443", "::1", 8443)).toBe(true)
    expect(listed("[::1]:8443", "::1", 443)).toBe(false)
  })
})

describe("hosts", () => {
  test.each([
    ["localhost", "localhost", 80, true],
    ["LocalHost", "localhost", 80, true],
    ["localhost", "localhost.", 80, true],
    ["localhost", "evil.localhost", 80, false],
    ["localhost", "notlocalhost", 80, false],
    ["localhost:3000", "localhost", 3000, true],
    ["localhost:3000", "localhost", 3001, false],
    ["*.corp.example", "hooks.corp.example", 443, true],
    ["*.corp.example", "a.b.corp.example", 443, true],
    ["*.corp.example", "corp.example", 443, false],
    ["*.corp.example", "evilcorp.example", 443, false],
    ["*.corp.example:8443", "a.corp.example", 443, false],
    ["bücher.example", "xn--bcher-kva.example", 443, true],
    ["docker_host", "docker_host", 443, true],
    ["10.0.0.0/8", "localhost", 443, false],
  ])("%s, %s:%d: %s", (setting, host, port, expected) =>
    expect(parseAllowedTargets(setting).hostListed(host, port)).toBe(expected),
  )
})

describe("a wrong entry stops the start with one line that names it", () => {
  test.each([
    "http://localhost",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0/8",
    "010.0.0.0/8",
    "fd00::/129",
    "localhost:0",
    "localhost:65536",
    "localhost:http",
    "*",
    "*.",
    "a*.example",
    "a b",
    "user@host",
    "-/-",
    "127.1",
    "0x7f000001",
    "[::1",
    "::g",
  ])("%s", (entry) => {
    expect(() => parseAllowedTargets(`localhost,${entry}, 10.0.0.0/8`)).toThrow(
      new RegExp(`^TOCSIN_ALLOWED_TARGETS: ${JSON.stringify(entry).replaceAll(/[[\]*.]/g, "\\$&")} is wrong: .+$`),
    )
  })
})

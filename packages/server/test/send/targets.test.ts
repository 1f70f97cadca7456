import net from "node:net"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Sender } from "../../src/ports/sender.ts"
import { parseAllowedTargets, parseDeniedTargets, strictPolicy } from "../../src/send/allowed-targets.ts"
import type { Lookup } from "../../src/send/resolve.ts"
import { checkTarget } from "../../src/send/target-rules.ts"
import { openSender } from "../../src/send/undici-sender.ts"
import { openRawReceiver, openReceiver, type RawReceiver } from "../receiver.ts"
import { hostileHosts, hostileNames } from "./hostile-urls.ts"

/** A DNS of our own; unknown names do not exist. */
function dns(names: Readonly<Record<string, readonly string[]>>): Lookup {
  return async (name) => {
    const addresses = names[name]
    if (addresses === undefined) throw Object.assign(new Error(`no such name: ${name}`), { code: "ENOTFOUND" })
    return addresses.map((address) => ({ address, family: net.isIPv6(address) ? 6 : 4 }))
  }
}

function post(sender: Sender, url: string) {
  return sender.send({ url, headers: [["content-type", "application/json"]], body: "{}", timeoutMs: 2_000 })
}

describe("hostile URLs", () => {
  let forbidden: RawReceiver
  let sender: Sender

  beforeAll(async () => {
    // Every address of the machine, so that no way in goes uncounted.
    forbidden = await openRawReceiver((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), {
      host: "0.0.0.0",
    })
    sender = openSender({ lookup: dns(hostileNames) })
  })
  afterAll(async () => {
    await sender.close()
    await forbidden.close()
  })

  test("none of them is registered, none is sent to, and nobody is connected to", async () => {
    const urls = new Set(hostileHosts.map((host) => `https://${host}:${forbidden.port}/hook`))
    expect(urls.size).toBeGreaterThanOrEqual(120)
    for (const url of urls) {
      expect(URL.canParse(url), `${url} is to be refused for its address, not its form`).toBe(true)
      expect(await sender.refusal(url), url).toContain("TOCSIN_ALLOWED_TARGETS")
      const result = await post(sender, url)
      expect(result.failure?.code, url).toBe("blocked_address")
      expect(result.response, url).toBeNull()
    }
    expect(forbidden.connections).toBe(0)
  })

  test("over plain http neither", async () => {
    for (const host of hostileHosts) {
      const url = `http://${host}:${forbidden.port}/hook`
      expect(await sender.refusal(url), url).not.toBeNull()
      expect((await post(sender, url)).failure?.code, url).toBe("blocked_address")
    }
    expect(forbidden.connections).toBe(0)
  })

  test("the listener that counted none counts those that are let through", async () => {
    const trusting = openSender({ lookup: dns(hostileNames), allowedTargets: parseAllowedTargets("127.0.0.0/8") })
    for (const host of ["127.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]", "loopback.test"]) {
      const before = forbidden.connections
      const url = `http://${host}:${forbidden.port}/hook`
      expect(await trusting.refusal(url), url).toBeNull()
      expect((await post(trusting, url)).response?.status, url).toBe(200)
      expect(forbidden.connections, url).toBeGreaterThan(before)
    }
    await trusting.close()
  })
})

describe("the form of a URL", () => {
  test.each([
    ["http://93.184.215.14/", "https://"],
    ["ftp://hooks.example/", "https://"],
    ["file:///etc/passwd", "https://"],
    ["javascript:alert(1)", "https://"],
    ["wss://hooks.example/", "https://"],
    ["hooks.example", "valid URL"],
    ["", "valid URL"],
    ["https://", "valid URL"],
    ["https://256.256.256.256/", "valid URL"],
    ["https://[::1/", "valid URL"],
    ["https://hooks .example/", "valid URL"],
    [" https://hooks.example/", "valid URL"],
    ["https://hooks.example/\r\nx: y", "valid URL"],
    ["https://hooks.exa\tmple/", "valid URL"],
    ["https://user:password@hooks.example/", "user name"],
    ["https://user@hooks.example/", "user name"],
    ["https://:password@hooks.example/", "user name"],
    ["https://@hooks.example/", "user name"],
    ["https:\\\\user@hooks.example/", "user name"],
    ["https://127.0.0.1@hooks.example/", "user name"],
    ["https://hooks.example/#fragment", "fragment"],
    ["https://hooks.example/#", "fragment"],
  ])("%j is refused (%s)", async (url, because) => {
    const check = checkTarget(url, strictPolicy)
    expect(check).toMatchObject({ ok: false, because: expect.stringContaining(because) })
    const sender = openSender({ lookup: dns({}) })
    expect((await post(sender, url)).failure?.code).toBe("blocked_address")
    expect(await sender.refusal(url)).toContain(because)
    await sender.close()
  })

  test.each([
    ["https://hooks.example", "/", 443],
    ["https://HOOKS.example:8443/a/b?c=d@e", "/a/b?c=d@e", 8443],
    ["https://bücher.example/ä", "/%C3%A4", 443],
    ["https://8.8.8.8/", "/", 443],
    ["https://[2606:4700:4700::1111]/", "/", 443],
  ])("%j is accepted", (url, path, port) => {
    expect(checkTarget(url, strictPolicy)).toMatchObject({ ok: true, target: { path, port, secure: true } })
  })
})

test("a URL may have 2048 characters, not one more", () => {
  const longest = `https://hooks.example/${"a".repeat(2_026)}`
  expect(checkTarget(longest, strictPolicy).ok).toBe(true)
  expect(checkTarget(`${longest}a`, strictPolicy)).toMatchObject({ because: expect.stringContaining("2048") })
})

describe("registration", () => {
  test("resolves the name: public answers pass, a name that does not resolve yet passes too", async () => {
    const sender = openSender({ lookup: dns({ "hooks.test": ["93.184.215.14", "2606:4700::1111"] }) })
    expect(await sender.refusal("https://hooks.test/")).toBeNull()
    expect(await sender.refusal("https://not-yet.test/")).toBeNull()
    expect(await sender.refusal("http://not-yet.test/")).toContain("https://")
    await sender.close()
  })

  test("does not tell where an inner name points", async () => {
    const sender = openSender({ lookup: dns({ "inner.test": ["10.20.30.40"] }) })
    expect(await sender.refusal("https://inner.test/")).toBe(
      "inner.test is at an address never sent to (private). List it in TOCSIN_ALLOWED_TARGETS to permit it.",
    )
    await sender.close()
  })

  test.each([
    // setting, URL, addresses, passes
    ["hooks.test", "http://hooks.test/", ["10.0.0.1"], true],
    ["hooks.test", "http://hooks.test/", ["93.184.215.14"], true],
    ["hooks.test:8080", "http://hooks.test/", ["10.0.0.1"], false],
    ["hooks.test:8080", "http://hooks.test:8080/", ["10.0.0.1"], true],
    ["10.0.0.0/8", "http://hooks.test/", ["10.0.0.1", "10.0.0.2"], true],
    ["10.0.0.0/8", "http://hooks.test/", ["10.0.0.1", "93.184.215.14"], false],
    ["10.0.0.0/8", "https://hooks.test/", ["10.0.0.1", "93.184.215.14"], true],
    ["10.0.0.0/8", "https://hooks.test/", ["10.0.0.1", "192.168.0.1"], false],
    ["*.test", "http://hooks.test/", ["127.0.0.1"], true],
    ["other.test", "https://hooks.test/", ["127.0.0.1"], false],
  ])("with %s listed, %s at %j: %s", async (setting, url, addresses, passes) => {
    const sender = openSender({
      lookup: dns({ "hooks.test": addresses }),
      allowedTargets: parseAllowedTargets(setting),
    })
    expect((await sender.refusal(url)) === null).toBe(passes)
    await sender.close()
  })

  test("the system's own resolver is asked when no other is given", async () => {
    const sender = openSender()
    expect(await sender.refusal("https://localhost/")).toContain("loopback")
    await sender.close()
  })
})

describe("what the operator denies", () => {
  test.each([
    // denied, URL, addresses
    ["hooks.test", "https://hooks.test/", ["93.184.215.14"]],
    ["hooks.test", "https://hooks.test./", ["93.184.215.14"]],
    ["*.test", "https://HOOKS.test/", ["93.184.215.14"]],
    ["hooks.test:8443", "https://hooks.test:8443/", ["93.184.215.14"]],
    ["93.184.0.0/16", "https://hooks.test/", ["1.1.1.1", "93.184.215.14"]],
    ["93.184.0.0/16", "https://hooks.test/", ["64:ff9b::5db8:d70e"]],
    ["93.184.0.0/16", "https://93.184.215.14/", []],
    ["2606:4700::/32", "https://[2606:4700::1111]/", []],
    ["10.0.0.1", "https://listed.test/", ["10.0.0.1"]],
    ["listed.test", "https://listed.test/", ["10.0.0.1"]],
  ])("%s denies %s at %j, exempt or not", async (setting, url, addresses) => {
    const asked = { "hooks.test": addresses, "hooks.test.": addresses, "listed.test": addresses }
    const sender = openSender({
      lookup: dns(asked),
      allowedTargets: parseAllowedTargets("listed.test,10.0.0.0/8"),
      deniedTargets: parseDeniedTargets(setting),
    })
    expect(await sender.refusal(url)).toContain("TOCSIN_DENIED_TARGETS")
    expect((await post(sender, url)).failure).toMatchObject({
      code: "blocked_address",
      message: expect.stringContaining("TOCSIN_DENIED_TARGETS"),
    })
    await sender.close()
  })

  test("leaves the others as they are", async () => {
    const sender = openSender({
      lookup: dns({ "hooks.test": ["93.184.215.14"] }),
      deniedTargets: parseDeniedTargets("other.test,hooks.test:8443,203.0.114.0/24"),
    })
    expect(await sender.refusal("https://hooks.test/")).toBeNull()
    await sender.close()
  })
})

describe("a name that turns private after registration", () => {
  test("is refused when connecting, by the very answer that would be dialled", async () => {
    const receiver = await openReceiver()
    const answers = [["93.184.215.14"], ["127.0.0.1"]]
    const asked: string[] = []
    const sender = openSender({
      lookup: async (name) => {
        asked.push(name)
        return (answers[asked.length - 1] ?? []).map((address) => ({ address, family: 4 as const }))
      },
    })
    const url = `https://rebinding.test:${receiver.port}/hook`
    expect(await sender.refusal(url)).toBeNull()
    expect((await post(sender, url)).failure?.code).toBe("blocked_address")
    expect(asked).toEqual(["rebinding.test", "rebinding.test"])
    expect(receiver.connections).toBe(0)
    await sender.close()
    await receiver.close()
  })

  test("cannot turn between check and dial: one lookup a connection", async () => {
    const receiver = await openReceiver()
    let lookups = 0
    const sender = openSender({
      allowedTargets: parseAllowedTargets("127.0.0.1"),
      lookup: async () => {
        lookups += 1
        // A second answer would be one that is not allowed.
        return [{ address: lookups === 1 ? "127.0.0.1" : "127.0.0.2", family: 4 }]
      },
    })
    const url = `http://rebinding.test:${receiver.port}/hook`
    expect((await post(sender, url)).response?.status).toBe(200)
    expect(lookups).toBe(1)
    await sender.close()
    await receiver.close()
  })
})

test("the next address is tried when one refuses, and only listed ones are", async () => {
  const receiver = await openReceiver({ host: "127.0.0.2" })
  const sender = openSender({
    allowedTargets: parseAllowedTargets("127.0.0.0/8"),
    lookup: dns({ "two.test": ["127.0.0.1", "127.0.0.2"] }),
  })
  const url = `http://two.test:${receiver.port}/hook`
  expect((await post(sender, url)).response?.status).toBe(200)
  expect(receiver.received[0]?.header("host")).toBe(`two.test:${receiver.port}`)
  await sender.close()
  await receiver.close()
})

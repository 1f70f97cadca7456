import { readFileSync } from "node:fs"
import http from "node:http"
import https from "node:https"
import net, { type AddressInfo, type Socket } from "node:net"
import { describe, expect, test, vi } from "vitest"
import type { Sender } from "../../src/ports/sender.ts"
import { parseAllowedTargets } from "../../src/send/allowed-targets.ts"
import { parseEgressProxy } from "../../src/send/egress-proxy.ts"
import type { Lookup } from "../../src/send/resolve.ts"
import { openSender, type SenderOptions } from "../../src/send/undici-sender.ts"
import { kept } from "../kept.ts"
import { postTo, threadedPoster } from "../posting/posters.ts"
import { openRawReceiver, openReceiver, unusedPort } from "../receiver.ts"
import { hostileHosts, hostileNames } from "./hostile-urls.ts"

// Two handshakes within each other take their time where many tests run at once.
vi.setConfig({ testTimeout: 30_000 })

function pem(file: string): string {
  return readFileSync(new URL(`../fixtures/tls/${file}`, import.meta.url), "utf8")
}

type Asked = { readonly authority: string; readonly authorization: string | undefined }

type ProxyOptions = {
  readonly refuses?: (authority: string) => number | null
  /** Makes it one that is itself behind TLS. */
  readonly tls?: https.ServerOptions
}

/** A forward proxy as they are: it connects where CONNECT says and copies bytes. */
async function openProxy({ refuses = () => null, tls }: ProxyOptions = {}) {
  const asked: Asked[] = []
  const sockets = new Set<Socket>()
  const serverNames: unknown[] = []
  let connections = 0
  const unsupported: http.RequestListener = (_request, response) => response.writeHead(405).end()
  const server = tls === undefined ? http.createServer(unsupported) : https.createServer(tls, unsupported)
  server.on("secureConnection", (socket) => serverNames.push(socket.servername))
  // A client that does not trust it hangs up during the handshake.
  server.on("tlsClientError", () => {})
  server.on("connection", (socket) => {
    connections += 1
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  server.on("connect", (request, client) => {
    const authority = request.url ?? ""
    asked.push({ authority, authorization: request.headers["proxy-authorization"] })
    client.on("error", () => {})
    const refusal = refuses(authority)
    if (refusal !== null) return client.end(`HTTP/1.1 ${refusal} Refused\r\ncontent-length: 0\r\n\r\n`)
    const url = new URL(`http://${authority}`)
    const upstream = net.connect(Number(url.port), url.hostname, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n")
      upstream.pipe(client).pipe(upstream)
    })
    sockets.add(upstream)
    upstream.on("error", () => client.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()))
  const { port } = server.address() as AddressInfo
  return kept({
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    asked,
    /** What clients called it in their handshakes, of those that went through. */
    serverNames,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

const thisMachine: Lookup = async () => [{ address: "127.0.0.1", family: 4 }]

function senderThrough(proxy: string, options: SenderOptions = {}): Sender {
  return kept(
    openSender({
      allowedTargets: parseAllowedTargets("127.0.0.0/8"),
      lookup: thisMachine,
      trustedCertificates: [pem("authority.crt")],
      egressProxy: parseEgressProxy(proxy),
      ...options,
    }),
  )
}

function post(sender: Sender, url: string, timeoutMs = 20_000) {
  return sender.send({ url, headers: [["content-type", "application/json"]], body: "{}", timeoutMs })
}

describe("through an egress proxy", () => {
  test("a receiver gets its POST over TLS, under its own name, while the proxy hears only the judged address", async () => {
    const proxy = await openProxy()
    const receiver = kept(await openReceiver({ tls: { key: pem("receiver.key"), cert: pem("receiver.crt") } }))
    const sender = senderThrough(proxy.url)
    const result = await post(sender, `https://receiver.test:${receiver.port}/hook`)
    expect(result).toMatchObject({ failure: null, response: { status: 200 } })
    expect(receiver.received[0]?.header("host")).toBe(`receiver.test:${receiver.port}`)
    expect(proxy.asked).toEqual([{ authority: `127.0.0.1:${receiver.port}`, authorization: undefined }])
  })

  test("an exempt receiver on plain http goes through it too, and its connection is used again", async () => {
    const proxy = await openProxy()
    const receiver = kept(await openReceiver())
    const sender = senderThrough(proxy.url)
    for (let n = 0; n < 3; n++)
      expect((await post(sender, `http://receiver.test:${receiver.port}/`)).failure).toBeNull()
    expect(proxy.asked.length).toBeLessThan(3)
    expect(receiver.received).toHaveLength(3)
  })

  test("what a thread of its own posts goes through it as well", async () => {
    const proxy = await openProxy()
    const receiver = kept(await openReceiver())
    const poster = threadedPoster({ egressProxy: parseEgressProxy(proxy.url) })
    const { attempt } = await poster.post(...postTo(`http://127.0.0.1:${receiver.port}/`))
    expect(attempt.statusCode).toBe(200)
    expect(proxy.asked).toEqual([{ authority: `127.0.0.1:${receiver.port}`, authorization: undefined }])
  })

  test("a certificate for another host is refused as without one", async () => {
    const proxy = await openProxy()
    const receiver = kept(await openReceiver({ tls: { key: pem("wrong-host.key"), cert: pem("wrong-host.crt") } }))
    const result = await post(senderThrough(proxy.url), `https://receiver.test:${receiver.port}/hook`)
    expect(result.failure?.code).toBe("tls_hostname")
    expect(receiver.received).toHaveLength(0)
  })

  test("no hostile URL reaches it", async () => {
    const proxy = await openProxy()
    const sender = senderThrough(proxy.url, {
      allowedTargets: parseAllowedTargets(""),
      lookup: async (name) =>
        (hostileNames[name] ?? []).map((address) => ({ address, family: net.isIPv6(address) ? 6 : 4 })),
    })
    expect(hostileHosts.length).toBeGreaterThanOrEqual(120)
    for (const host of hostileHosts) {
      expect((await post(sender, `https://${host}/hook`)).failure?.code, host).toBe("blocked_address")
    }
    expect(proxy.connections()).toBe(0)
  })

  test("a name that rebinds between registration and delivery does not reach it either", async () => {
    const proxy = await openProxy()
    const answers = ["93.184.215.14", "10.0.0.1"]
    const sender = senderThrough(proxy.url, {
      allowedTargets: parseAllowedTargets(""),
      lookup: async () => [{ address: answers.shift() ?? "10.0.0.1", family: 4 }],
    })
    expect(await sender.refusal("https://rebinding.test/")).toBeNull()
    expect((await post(sender, "https://rebinding.test/")).failure?.code).toBe("blocked_address")
    expect(proxy.connections()).toBe(0)
  })

  test("credentials in the setting are what it is shown", async () => {
    const proxy = await openProxy()
    const receiver = kept(await openReceiver())
    const withUser = proxy.url.replace("//", "//tocsin:p%40ss@")
    expect((await post(senderThrough(withUser), receiver.origin)).failure).toBeNull()
    expect(proxy.asked[0]?.authorization).toBe(`Basic ${Buffer.from("tocsin:p@ss").toString("base64")}`)
  })

  test("the next address is asked for when it cannot connect to the first", async () => {
    const proxy = await openProxy({ refuses: (authority) => (authority.startsWith("127.0.0.1:") ? 502 : null) })
    const receiver = kept(await openReceiver({ host: "127.0.0.2" }))
    const sender = senderThrough(proxy.url, {
      lookup: async () => ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 })),
    })
    expect((await post(sender, `http://receiver.test:${receiver.port}/`)).failure).toBeNull()
    expect(proxy.asked.map(({ authority }) => authority)).toEqual([
      `127.0.0.1:${receiver.port}`,
      `127.0.0.2:${receiver.port}`,
    ])
  })
})

describe("a proxy that is itself behind TLS", () => {
  const certificate = (name: string) => ({ key: pem(`${name}.key`), cert: pem(`${name}.crt`) })

  test("carries the receiver's own TLS within its own, and hears the credentials under it", async () => {
    const proxy = await openProxy({ tls: certificate("receiver") })
    const receiver = kept(await openReceiver({ tls: certificate("receiver") }))
    const sender = senderThrough(`https://tocsin:secret@localhost:${proxy.port}`)
    for (let n = 0; n < 2; n++) {
      expect(await post(sender, `https://receiver.test:${receiver.port}/hook`)).toMatchObject({
        failure: null,
        response: { status: 200 },
      })
    }
    expect(receiver.received[0]?.header("host")).toBe(`receiver.test:${receiver.port}`)
    expect(proxy.asked[0]).toEqual({
      authority: `127.0.0.1:${receiver.port}`,
      authorization: `Basic ${Buffer.from("tocsin:secret").toString("base64")}`,
    })
    expect(proxy.serverNames[0]).toBe("localhost")
  })

  test("carries a receiver on plain http", async () => {
    const proxy = await openProxy({ tls: certificate("receiver") })
    const receiver = kept(await openReceiver())
    const sender = senderThrough(proxy.url)
    expect((await post(sender, `http://receiver.test:${receiver.port}/`)).failure).toBeNull()
    expect(receiver.received).toHaveLength(1)
    expect(proxy.serverNames[0], "an address is no server name (RFC 6066)").toBe(false)
  })

  test("one large body and its answer pass both layers whole", async () => {
    const proxy = await openProxy({ tls: certificate("receiver") })
    const echo = "x".repeat(200_000)
    const receiver = kept(await openReceiver({ tls: certificate("receiver"), replies: [{ status: 200, body: echo }] }))
    const sender = senderThrough(`https://localhost:${proxy.port}`)
    const body = JSON.stringify({ data: "y".repeat(256 * 1024) })
    const url = `https://receiver.test:${receiver.port}/`
    const result = await sender.send({ url, headers: [["content-type", "application/json"]], body, timeoutMs: 20_000 })
    expect(result.failure).toBeNull()
    expect(receiver.received[0]?.text === body).toBe(true)
  })

  test.each([
    ["expired", "CERT_HAS_EXPIRED"],
    ["self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["wrong-host", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["private-receiver", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
  ])("with a certificate that is %s is not used, and hears nothing", async (name, code) => {
    const proxy = await openProxy({ tls: certificate(name) })
    const sender = senderThrough(`https://tocsin:secret@localhost:${proxy.port}`)
    const { failure } = await post(sender, "https://receiver.test/")
    expect(failure).toEqual({ code: "egress_proxy", message: `The egress proxy could not be used (${code})` })
    expect(proxy.asked).toEqual([])
  })

  test("with TLS 1.1 at most is not used", async () => {
    const old = { ...certificate("receiver"), minVersion: "TLSv1.1", maxVersion: "TLSv1.1" } as const
    const proxy = await openProxy({ tls: { ...old, ciphers: "DEFAULT@SECLEVEL=0" } })
    const { failure } = await post(senderThrough(proxy.url), "https://receiver.test/")
    expect(failure?.code).toBe("egress_proxy")
    expect(failure?.message).toContain("(EPROTO)")
    expect(proxy.asked).toEqual([])
  })

  test("that would choose what the exchange of keys costs is not used, nor is a receiver behind it", async () => {
    const dhe = {
      ...certificate("rsa-receiver"),
      maxVersion: "TLSv1.2",
      ciphers: "DHE-RSA-AES128-GCM-SHA256",
      dhparam: "auto",
    } as const
    const trusted = { trustedCertificates: [pem("rsa-receiver.crt"), pem("authority.crt")] }
    const proxy = await openProxy({ tls: dhe })
    const refused = await post(senderThrough(`https://localhost:${proxy.port}`, trusted), "https://receiver.test/")
    expect(refused.failure?.code).toBe("egress_proxy")
    expect(proxy.asked).toEqual([])
    const receiver = kept(await openReceiver({ tls: dhe }))
    const honest = await openProxy({ tls: certificate("rsa-receiver") })
    const sender = senderThrough(`https://localhost:${honest.port}`, trusted)
    const { failure } = await post(sender, `https://receiver.test:${receiver.port}/`)
    expect(failure?.code).toBe("tls_protocol")
    expect(honest.asked).toHaveLength(1)
    expect(receiver.received).toHaveLength(0)
  })

  test("is not trusted by an authority that one webhook names, nor shown that webhook's certificate", async () => {
    const proxy = await openProxy({ tls: { ...certificate("private-receiver"), requestCert: true } })
    const sender = senderThrough(`https://localhost:${proxy.port}`)
    const wish = {
      client: { certificate: pem("client.crt"), key: pem("client.key") },
      authority: pem("private-authority.crt"),
    }
    const request = { url: "https://receiver.test/", headers: [], body: "{}", timeoutMs: 20_000, tls: wish }
    expect((await sender.send(request)).failure).toEqual({
      code: "egress_proxy",
      message: "The egress proxy could not be used (UNABLE_TO_VERIFY_LEAF_SIGNATURE)",
    })
  })

  test("that never finishes its handshake ends the attempt on time", async () => {
    const proxy = kept(await openRawReceiver(() => {}))
    const sender = senderThrough(proxy.origin.replace("http:", "https:"), { connectTimeoutMs: 200 })
    const { failure, durationMs } = await post(sender, "https://receiver.test/")
    expect(failure?.code).toBe("timeout")
    expect(durationMs).toBeLessThan(1_500)
  })
})

describe("a proxy that does not connect ends the attempt as its own failure", () => {
  test.each([403, 407, 502])("it answers %i", async (status) => {
    const proxy = await openProxy({ refuses: () => status })
    const { failure, response } = await post(senderThrough(proxy.url), "http://receiver.test/")
    expect(failure).toEqual({
      code: "egress_proxy",
      message: `The egress proxy made no connection: it answered ${status}`,
    })
    expect(response).toBeNull()
  })

  test("nothing listens there; its address is not told", async () => {
    const port = await unusedPort()
    const { failure } = await post(senderThrough(`http://127.0.0.1:${port}`), "http://receiver.test/")
    expect(failure).toEqual({ code: "egress_proxy", message: "The egress proxy could not be used (ECONNREFUSED)" })
  })

  test.each([
    ["closes at once", (socket: Socket) => socket.end()],
    ["resets", (socket: Socket) => socket.resetAndDestroy()],
    ["speaks no HTTP", (socket: Socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n\r\n")],
    ["sends headers without end", (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(20_000)}`)],
  ])("it %s", async (_what, act) => {
    const proxy = kept(await openRawReceiver(act))
    const { failure } = await post(senderThrough(proxy.origin), "http://receiver.test/")
    expect(failure?.code).toBe("egress_proxy")
  })

  test("it says nothing: the attempt ends on time", async () => {
    const proxy = kept(await openRawReceiver(() => {}))
    const sender = senderThrough(proxy.origin, { connectTimeoutMs: 200 })
    const { failure, durationMs } = await post(sender, "http://receiver.test/")
    expect(failure?.code).toBe("timeout")
    expect(durationMs).toBeLessThan(1_500)
  })
})

describe("the setting", () => {
  test.each([
    ["http://proxy.internal:3128", { secure: false, host: "proxy.internal", port: 3128, authorization: null }],
    ["https://proxy.internal", { secure: true, host: "proxy.internal", port: 443, authorization: null }],
    ["http://[fd00::1]:3128/", { secure: false, host: "fd00::1", port: 3128, authorization: null }],
    ["http://u:p@proxy:80", { secure: false, host: "proxy", port: 80, authorization: "Basic dTpw" }],
  ])("%s is read", (setting, proxy) => expect(parseEgressProxy(setting)).toEqual(proxy))

  test.each(["", "proxy:3128", "ftp://proxy", "http://u:secret@proxy/x", "http://u:secret%zz@proxy"])(
    "%j is refused without repeating it",
    (setting) => {
      expect(() => parseEgressProxy(setting)).toThrow(/^(must|has)/)
      expect(() => parseEgressProxy(setting)).not.toThrow(/secret/)
    },
  )
})

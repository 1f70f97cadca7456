import type { Socket } from "node:net"
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Sender, SendResult } from "../../src/ports/sender.ts"
import { parseAllowedTargets } from "../../src/send/allowed-targets.ts"
import { openSender, type SenderOptions } from "../../src/send/undici-sender.ts"
import { kept } from "../kept.ts"
import { openRawReceiver, openReceiver, type RawReceiver, type Receiver, unusedPort } from "../receiver.ts"

function sender(options: SenderOptions = {}): Sender {
  return kept(openSender({ allowedTargets: parseAllowedTargets("127.0.0.0/8"), ...options }))
}
async function receiver(...args: Parameters<typeof openReceiver>): Promise<Receiver> {
  return kept(await openReceiver(...args))
}
async function rawReceiver(...args: Parameters<typeof openRawReceiver>): Promise<RawReceiver> {
  return kept(await openRawReceiver(...args))
}
function post(through: Sender, origin: string, timeoutMs = 5_000): Promise<SendResult> {
  return through.send({ url: `${origin}/hook`, headers: [["content-type", "application/json"]], body: "{}", timeoutMs })
}

/** Writes an opening, then pieces one after another for as long as the connection lasts. */
function drip(socket: Socket, everyMs: number, piece: string | Buffer, opening = ""): void {
  socket.write(opening)
  const timer = setInterval(() => socket.write(piece), everyMs)
  socket.on("close", () => clearInterval(timer))
}

/** Writes an opening, then as fast as the connection takes it, for as long as it lasts. @returns how much it was. */
function flood(socket: Socket, piece: string | Buffer, opening = ""): { bytes: number } {
  socket.write(opening)
  const written = { bytes: 0 }
  const pour = () => {
    while (!socket.destroyed) {
      written.bytes += Buffer.byteLength(piece)
      if (!socket.write(piece)) break
    }
  }
  socket.on("drain", pour)
  pour()
  return written
}

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

/** A receiver whose first answer is hostile, while any later one is good: it shows that the next POST is unharmed. */
async function hostileOnce(act: (socket: Socket) => void): Promise<RawReceiver> {
  let requests = 0
  return rawReceiver((socket) => {
    requests += 1
    if (requests === 1) act(socket)
    else socket.write(ok)
  })
}

async function expectUnharmed(through: Sender, origin: string): Promise<void> {
  const next = await post(through, origin)
  expect(next).toMatchObject({ failure: null, response: { status: 200, body: "ok" } })
}

/** Early is wrong, late is wrong; the margin is for a busy machine. */
function expectOnTime(result: SendResult, timeoutMs: number): void {
  expect(result.durationMs).toBeGreaterThanOrEqual(timeoutMs - 5)
  expect(result.durationMs).toBeLessThan(timeoutMs + 400)
}

describe("what arrives", () => {
  test("is one POST with the given headers, byte for byte the body, and no more than HTTP needs", async () => {
    const target = await receiver()
    const body = '{"emoji":"🔔","n":1.0}'
    const result = await sender().send({
      url: `${target.origin}/hook/a%20b?c=d`,
      headers: [
        ["Content-Type", "application/json"],
        ["User-Agent", "PolicyCortex-Webhooks/1.0"],
        ["X-Custom-Header", "custom-value"],
      ],
      body,
      timeoutMs: 5_000,
    })
    expect(result.failure).toBeNull()
    const [request] = await target.arrived(1)
    expect(request).toMatchObject({ method: "POST", path: "/hook/a%20b?c=d", text: body })
    expect(request?.headerList).toEqual([
      ["host", `127.0.0.1:${target.port}`],
      ["connection", "keep-alive"],
      ["Content-Type", "application/json"],
      ["User-Agent", "PolicyCortex-Webhooks/1.0"],
      ["X-Custom-Header", "custom-value"],
      ["content-length", String(Buffer.byteLength(body))],
    ])
  })

  test("the response's status, headers and body come back, whatever the status", async () => {
    const target = await receiver({
      replies: [{ status: 503, headers: { "Retry-After": "7", "Set-Cookie": ["a=1", "b=2"] }, body: "später" }],
    })
    const { response, failure, durationMs } = await post(sender(), target.origin)
    expect(failure).toBeNull()
    expect(response).toMatchObject({ status: 503, body: "später" })
    expect(response?.headers).toContainEqual(["retry-after", "7"])
    expect(response?.headers.filter(([name]) => name === "set-cookie")).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
    ])
    expect(durationMs).toBeGreaterThan(0)
  })

  test("headers that HTTP forbids are an error of our own, not a crash", async () => {
    const target = await receiver()
    const result = await sender().send({
      url: target.origin,
      headers: [["x-bad", "a\r\nb: c"]],
      body: "",
      timeoutMs: 5_000,
    })
    expect(result.failure?.code).toBe("internal")
    expect(target.connections).toBe(0)
  })

  test.each([301, 302, 303, 307, 308])("a %d is not followed", async (status) => {
    const elsewhere = await receiver()
    const target = await receiver({ replies: [{ status, headers: { location: `${elsewhere.origin}/x` } }] })
    const result = await post(sender(), target.origin)
    expect(result).toMatchObject({ failure: null, response: { status } })
    expect(elsewhere.connections).toBe(0)
    expect(target.received).toHaveLength(1)
  })
})

describe("receivers that take their time are left at the deadline", () => {
  const timeoutMs = 250

  test.each<[string, (socket: Socket) => void, number | null]>([
    ["no answer at all", () => {}, null],
    [
      "a header drop by drop",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\na: ")
        drip(socket, 10, "b")
      },
      null,
    ],
    [
      "endless header lines, slowly",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n")
        drip(socket, 20, "a: b\r\n")
      },
      null,
    ],
    ["a status line that never ends", (socket) => drip(socket, 1, "x".repeat(999), "HTTP/1.1 200 "), null],
    ["headers, then silence", (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc"), 200],
    [
      "a body drop by drop",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        drip(socket, 10, "1\r\nx\r\n")
      },
      200,
    ],
    [
      "a body that ends with the connection, drop by drop",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n")
        drip(socket, 10, "x")
      },
      200,
    ],
    [
      "a chunk extension that never ends",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;")
        drip(socket, 10, "x".repeat(100))
      },
      200,
    ],
    ["blank lines for ever", (socket) => drip(socket, 10, "\r\n"), null],
    ["interim responses, slowly", (socket) => drip(socket, 50, "HTTP/1.1 103 Early Hints\r\n\r\n"), null],
    [
      "gzip that decompresses to nothing, slowly",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")
        socket.write(gzipSync("").subarray(0, 10))
        // An empty stored block, not the last.
        drip(socket, 10, Buffer.from([0, 0, 0, 0xff, 0xff]))
      },
      200,
    ],
    ...Object.entries({
      gzip: gzipSync("thank you"),
      deflate: deflateSync("thank you"),
      br: brotliCompressSync("thank you"),
    }).map(([coding, whole]): [string, (socket: Socket) => void, number] => [
      `what is whole as ${coding}, and bytes behind it without an end`,
      (socket) => {
        socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\n\r\n`)
        socket.write(Buffer.concat([whole, Buffer.from([0])]))
        drip(socket, 10, Buffer.from([0]))
      },
      200,
    ]),
  ])("%s", async (_what, act, status) => {
    const target = await hostileOnce(act)
    const through = sender()
    const result = await post(through, target.origin, timeoutMs)
    expect(result.failure).toMatchObject({ code: "timeout", message: expect.stringContaining("250 ms") })
    expect(result.response?.status ?? null).toBe(status)
    expectOnTime(result, timeoutMs)
    await expectUnharmed(through, target.origin)
  })

  test("bytes without an end behind what is whole once decompressed: counted like the rest", async () => {
    const target = await hostileOnce((socket) => {
      socket.write("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n")
      socket.write(Buffer.concat([gzipSync("thank you"), Buffer.from([0])]))
      drip(socket, 1, Buffer.alloc(64 * 1024))
    })
    const result = await post(sender(), target.origin, 5_000)
    expect(result.failure?.code).toBe("response_too_large")
  })

  test("what came of the body by then is kept", async () => {
    const target = await hostileOnce((socket) => socket.write("HTTP/1.1 500 No\r\ncontent-length: 10\r\n\r\nabc"))
    const result = await post(sender(), target.origin, timeoutMs)
    expect(result.response).toMatchObject({ status: 500, body: "abc" })
  })

  test("a name server that never answers", async () => {
    const through = sender({ lookup: () => new Promise(() => {}), connectTimeoutMs: 500 })
    const result = await post(through, "https://never.test", timeoutMs)
    expect(result.failure?.code).toBe("timeout")
    expectOnTime(result, timeoutMs)
    // The connection has a bound of its own, for deadlines longer than that.
    const second = await post(through, "https://never-either.test", 5_000)
    expect(second.failure).toMatchObject({ code: "timeout", message: expect.stringContaining("No connection") })
    expectOnTime(second, 500)
  })

  test("a TLS handshake that is never answered", async () => {
    const target = await rawReceiver(() => {})
    const through = sender({ connectTimeoutMs: 300 })
    const result = await post(through, target.origin.replace("http:", "https:"), 5_000)
    expect(result.failure?.code).toBe("timeout")
    expectOnTime(result, 300)
    expect(target.connections).toBe(1)
  })

  test("a wait for a free connection; the request is then not sent at all", async () => {
    const target = await receiver({ replies: ["silence", 204] })
    const through = sender({ maxSocketsPerOrigin: 1 })
    const first = post(through, target.origin, 600)
    await target.arrived(1)
    const second = await post(through, target.origin, 100)
    expect(second.failure).toMatchObject({ code: "timeout", message: expect.stringContaining("No connection") })
    expect((await first).failure?.code).toBe("timeout")
    expect((await post(through, target.origin)).response?.status).toBe(204)
    expect(target.received).toHaveLength(2)
  })
})

describe("receivers that send too much are cut off", () => {
  test.each<[string, string]>([
    ["a body without end", "HTTP/1.1 200 OK\r\n\r\n"],
    ["one that announces its end far away", "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n"],
    ["one in an encoding we do not know", "HTTP/1.1 200 OK\r\ncontent-encoding: zstd\r\n\r\n"],
    ["one encoded over and over", "HTTP/1.1 200 OK\r\ncontent-encoding: gzip, gzip\r\n\r\n"],
  ])("%s", async (_what, head) => {
    let written = { bytes: 0 }
    const target = await hostileOnce((socket) => {
      socket.write(head)
      written = flood(socket, "y".repeat(16_384))
    })
    const through = sender()
    const result = await post(through, target.origin)
    expect(result.failure?.code).toBe("response_too_large")
    expect(result.response).toMatchObject({ status: 200, body: "y".repeat(16_384) })
    // What the kernel's buffers hold on both sides, at most.
    expect(written.bytes).toBeLessThan(16 * 1024 * 1024)
    await expectUnharmed(through, target.origin)
  })

  test.each([
    ["gzip", gzipSync(Buffer.alloc(100_000_000, "z"))],
    ["x-gzip", gzipSync(Buffer.alloc(300_000, "z"))],
    ["deflate", deflateSync(Buffer.alloc(50_000_000, "z"))],
    ["deflate", deflateRawSync(Buffer.alloc(50_000_000, "z"))],
    ["br", brotliCompressSync(Buffer.alloc(50_000_000, "z"))],
    ["GZIP", gzipSync(Buffer.alloc(256 * 1024 + 1, "z"))],
  ])("a bomb in %s", async (coding, bomb) => {
    const target = await hostileOnce((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: ${coding}\r\ncontent-length: ${bomb.length}\r\n\r\n`)
      socket.write(bomb)
    })
    const through = sender()
    const before = process.memoryUsage.rss()
    const result = await post(through, target.origin)
    expect(result.failure?.code).toBe("response_too_large")
    expect(result.response?.body).toBe("z".repeat(16_384))
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024)
    await expectUnharmed(through, target.origin)
  })

  test.each([
    ["identity", Buffer.alloc(256 * 1024, "z")],
    ["gzip", gzipSync(Buffer.alloc(256 * 1024, "z"))],
    ["br", brotliCompressSync(Buffer.alloc(256 * 1024, "z"))],
  ])("256 KiB are not too much (%s)", async (coding, body) => {
    const target = await receiver({ replies: [{ status: 200, headers: { "content-encoding": coding }, body }] })
    const result = await post(sender(), target.origin)
    expect(result.failure).toBeNull()
    expect(result.response?.body).toBe("z".repeat(16_384))
  })

  test.each<[string, (socket: Socket) => void]>([
    ["a header value without end", (socket) => void flood(socket, "b".repeat(4_096), "HTTP/1.1 200 OK\r\na: ")],
    ["a header name without end", (socket) => void flood(socket, "b".repeat(4_096), "HTTP/1.1 200 OK\r\n")],
    ["headers without end", (socket) => void flood(socket, "a: b\r\n".repeat(100), "HTTP/1.1 200 OK\r\n")],
    [
      "trailers without end",
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n")
        flood(socket, "a: b\r\n".repeat(100))
      },
    ],
    ["interim responses without end", (socket) => void flood(socket, "HTTP/1.1 103 Early Hints\r\n\r\n")],
    ["102s without end", (socket) => void flood(socket, "HTTP/1.1 102 Processing\r\nx: y\r\n\r\n")],
  ])("%s", async (_what, act) => {
    const target = await hostileOnce(act)
    const through = sender()
    const result = await post(through, target.origin)
    expect(result.failure?.code).toBe("protocol")
    expect(result.durationMs).toBeLessThan(2_000)
    await expectUnharmed(through, target.origin)
  })

  test("a few interim responses are in order", async () => {
    const target = await rawReceiver((socket) =>
      socket.write(`${"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n".repeat(5)}${ok}`),
    )
    const result = await post(sender(), target.origin)
    expect(result).toMatchObject({ failure: null, response: { status: 200, body: "ok" } })
  })
})

describe("bodies become text that can be stored and shown", () => {
  test.each<[string, Buffer, string]>([
    ["none", Buffer.alloc(0), ""],
    ["UTF-8", Buffer.from("grüße 🔔"), "grüße 🔔"],
    ["bytes that are no UTF-8", Buffer.from([0x61, 0xff, 0xfe, 0x62]), "a\ufffd\ufffdb"],
    ["NULs", Buffer.from("a\0b\0"), "a\ufffdb\ufffd"],
    ["a character cut by the receiver", Buffer.from([0x61, 0xe2, 0x82]), "a\ufffd"],
    ["a character cut by the limit", Buffer.from(`a${"€".repeat(6_000)}`), `a${"€".repeat(5_461)}`],
  ])("%s", async (_what, body, expected) => {
    const target = await receiver({ replies: [{ status: 200, body }] })
    const result = await post(sender(), target.origin)
    expect(result.failure).toBeNull()
    expect(result.response?.body).toBe(expected)
  })

  test.each<[string, Buffer]>([
    ["gzip", gzipSync("thank you")],
    ["deflate", deflateSync("thank you")],
    ["deflate", deflateRawSync("thank you")],
    ["br", brotliCompressSync("thank you")],
    ["unheard-of", Buffer.from("thank you")],
    ["gzip", Buffer.alloc(0)],
  ])("%s, though never asked for", async (coding, body) => {
    const target = await receiver({ replies: [{ status: 200, headers: { "content-encoding": coding }, body }] })
    const result = await post(sender(), target.origin)
    expect(result.failure).toBeNull()
    expect(result.response?.body).toBe(body.length === 0 ? "" : "thank you")
    expect(target.received[0]?.header("accept-encoding")).toBeUndefined()
  })

  test.each<[string, Buffer]>([
    ["what is no gzip", Buffer.from("plain text")],
    ["gzip cut short", gzipSync("thank you very much indeed".repeat(9)).subarray(0, 25)],
  ])("%s, labelled gzip, is a protocol failure that keeps the status", async (_what, body) => {
    const target = await receiver({ replies: [{ status: 200, headers: { "content-encoding": "gzip" }, body }, 204] })
    const through = sender()
    const result = await post(through, target.origin)
    expect(result).toMatchObject({ failure: { code: "protocol" }, response: { status: 200 } })
    expect((await post(through, target.origin)).response?.status).toBe(204)
  })
})

describe("connections that break", () => {
  test("nothing listens there", async () => {
    const result = await post(sender(), `http://127.0.0.1:${await unusedPort()}`)
    expect(result).toMatchObject({ response: null, failure: { code: "connection_refused" } })
  })

  test("the name does not exist", async () => {
    const lookup = async () => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" }))
    const result = await post(sender({ lookup }), "https://nowhere.test")
    expect(result).toMatchObject({ response: null, failure: { code: "dns" } })
  })

  test("the name has no address", async () => {
    const result = await post(sender({ lookup: async () => [] }), "https://empty.test")
    expect(result).toMatchObject({ response: null, failure: { code: "dns" } })
  })

  test("reset as soon as connected", async () => {
    const target = await rawReceiver(() => {}, { onConnection: (socket) => socket.resetAndDestroy() })
    expect((await post(sender(), target.origin)).failure?.code).toBe("connection_reset")
  })

  test.each<[string, string, number | null, "reset" | "end"]>([
    ["reset before an answer", "", null, "reset"],
    ["closed before an answer", "", null, "end"],
    ["reset within the status line", "HTTP/1.1 20", null, "reset"],
    ["closed within the status line", "HTTP/1.1 20", null, "end"],
    ["reset within the headers", "HTTP/1.1 200 OK\r\ncontent-le", null, "reset"],
    ["closed within the headers", "HTTP/1.1 200 OK\r\ncontent-le", null, "end"],
    ["closed after an interim response", "HTTP/1.1 103 Early Hints\r\n\r\n", null, "end"],
    ["reset within a body", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", 200, "reset"],
    ["closed within a body", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", 200, "end"],
    ["closed within a last body", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\nabc", 200, "end"],
    ["reset within a last body", "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 9\r\n\r\nabc", 200, "reset"],
    ["closed within a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc", 200, "end"],
    [
      "closed within a last chunk",
      "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc",
      200,
      "end",
    ],
  ])("%s", async (_what, text, status, how) => {
    const target = await hostileOnce((socket) => {
      const cut = () => (how === "end" ? socket.end() : socket.resetAndDestroy())
      if (text === "") cut()
      // A reset drops what was not yet read on the other side: let it be read first.
      else socket.write(text, () => setTimeout(cut, how === "reset" ? 50 : 0))
    })
    const through = sender()
    const result = await post(through, target.origin)
    expect(result.failure?.code).toBe("connection_reset")
    expect(result.response?.status ?? null).toBe(status)
    await expectUnharmed(through, target.origin)
  })

  test("a body without a length ends with the connection: that is no failure", async () => {
    const target = await rawReceiver((socket) => socket.end("HTTP/1.0 200 OK\r\n\r\nthank you"))
    expect(await post(sender(), target.origin)).toMatchObject({ failure: null, response: { body: "thank you" } })
  })
})

describe("answers that are no HTTP", () => {
  test.each([
    ["another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
    ["a TLS alert", "\u0015\u0003\u0003\u0000\u0002\u0002\u0046"],
    ["a status that is no number", "HTTP/1.1 abc OK\r\n\r\n"],
    ["a header without a name", "HTTP/1.1 200 OK\r\n: value\r\n\r\n"],
    ["a header with a space in its name", "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n"],
    ["a NUL in a header", "HTTP/1.1 200 OK\r\na: b\0c\r\n\r\n"],
    ["a bare line feed in a header", "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n"],
    ["a length that is no number", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"],
    ["a length beyond all numbers", `HTTP/1.1 200 OK\r\ncontent-length: ${"9".repeat(40)}\r\n\r\n`],
    ["a chunk size that is no number", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
    [
      "a length as well as chunks",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n",
    ],
    [
      "a protocol switch nobody asked for",
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    ],
    ["a 100 nobody asked for", "HTTP/1.1 100 Continue\r\n\r\n"],
    ["a status below 100", "HTTP/1.1 099 OK\r\ncontent-length: 0\r\n\r\n"],
    ["a status of nothing", "HTTP/1.1 000 OK\r\ncontent-length: 2\r\n\r\nab"],
    ["HTTP/2", "\u0000\u0000\u0012\u0004\u0000\u0000\u0000\u0000\u0000".repeat(3)],
  ])("%s", async (_what, text) => {
    const target = await hostileOnce((socket) => socket.write(text, "latin1"))
    const through = sender()
    const result = await post(through, target.origin)
    expect(result.failure?.code).toBe("protocol")
    await expectUnharmed(through, target.origin)
  })

  test("a second response that nobody asked for does not become the answer to the next request", async () => {
    const extra = "HTTP/1.1 500 Poison\r\ncontent-length: 6\r\n\r\npoison"
    const target = await hostileOnce((socket) => socket.write(ok + extra))
    const through = sender()
    expect((await post(through, target.origin)).response?.body).toBe("ok")
    await expectUnharmed(through, target.origin)
  })

  test("whatever bytes come, each attempt has its result and the process lives", async () => {
    let answer = Buffer.alloc(0)
    const target = await rawReceiver((socket) => socket.end(answer))
    const through = sender()
    const piece = fc.oneof(
      fc.constantFrom(
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 204 No Content\r\n",
        "HTTP/1.1 304 Not Modified\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\n",
        "HTTP/1.0 200\r\n",
        "content-length: 3\r\n",
        "transfer-encoding: chunked\r\n",
        "transfer-encoding: gzip, chunked\r\n",
        "content-encoding: gzip\r\n",
        "content-encoding: br\r\n",
        "connection: close\r\n",
        "connection: keep-alive\r\nkeep-alive: timeout=99999999\r\n",
        "\r\n",
        "3\r\nabc\r\n",
        "0\r\n\r\n",
        "abc",
      ),
      fc.string({ maxLength: 20 }),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        answer = Buffer.from(pieces.join(""), "latin1")
        const result = await post(through, target.origin, 2_000)
        expect(result.failure === null ? result.response : result.failure.code).not.toBeNull()
        expect(result.failure?.code).not.toBe("internal")
        expect(result.failure?.code).not.toBe("timeout")
      }),
      { numRuns: 300 },
    )
  })
})

test("closing lets what is under way end, and refuses what comes after", async () => {
  const target = await receiver({ replies: [{ status: 200, afterMs: 100 }] })
  const through = sender()
  const underWay = post(through, target.origin)
  await target.arrived(1)
  await through.close()
  expect((await underWay).response?.status).toBe(200)
  expect((await post(through, target.origin)).failure?.code).toBe("internal")
})

test("closing does not wait for connections that no attempt waits for any more", async () => {
  const hungUp = Promise.withResolvers<void>()
  const target = await rawReceiver(() => {}, { onConnection: (socket) => socket.on("close", () => hungUp.resolve()) })
  const through = openSender({ allowedTargets: parseAllowedTargets("127.0.0.0/8"), connectTimeoutMs: 60_000 })
  expect((await post(through, target.origin.replace("http:", "https:"), 100)).failure?.code).toBe("timeout")
  await through.close()
  await hungUp.promise
})

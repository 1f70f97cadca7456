import type { Socket } from "node:net"
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises"
import { describe, expect, test } from "vitest"
import type { Sender, SendResult } from "../../src/ports/sender.ts"
import { parseAllowedTargets } from "../../src/send/allowed-targets.ts"
import { openSender } from "../../src/send/undici-sender.ts"
import { kept } from "../kept.ts"
import { openRawReceiver, openReceiver } from "../receiver.ts"

function post(through: Sender, origin: string, body = "{}"): Promise<SendResult> {
  return through.send({ url: `${origin}/hook`, headers: [], body, timeoutMs: 5_000 })
}

/** undici takes a connection up again only in the turn of the event loop after a response. */
async function settled(): Promise<void> {
  await turn()
  await turn()
}

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

type Options = { readonly maxSocketsPerOrigin?: number }

describe("connections of a sender", () => {
  function sender(options: Options = {}): Sender {
    return kept(openSender({ allowedTargets: parseAllowedTargets("127.0.0.0/8"), ...options }))
  }

  test("one connection serves one POST after another", async () => {
    const target = kept(await openReceiver())
    const through = sender()
    for (let n = 0; n < 20; n++) {
      expect((await post(through, target.origin)).failure).toBeNull()
      await settled()
    }
    expect(target.connections).toBe(1)
  })

  test("connections to one origin are bounded, and each carries one request at a time", async () => {
    let busy = 0
    let busiest = 0
    const target = kept(
      await openReceiver({
        replies: [
          async (_request, response) => {
            busiest = Math.max(busiest, ++busy)
            await sleep(5)
            busy -= 1
            response.writeHead(200).end()
          },
        ],
      }),
    )
    const through = sender({ maxSocketsPerOrigin: 4 })
    const results = await Promise.all(Array.from({ length: 40 }, () => post(through, target.origin)))
    expect(results.every((result) => result.response?.status === 200)).toBe(true)
    expect(target.received).toHaveLength(40)
    expect(target.connections).toBe(4)
    expect(busiest).toBe(4)
  })

  test("a receiver that never answers does not hold up another origin", async () => {
    const dead = kept(await openReceiver({ replies: ["silence"] }))
    const alive = kept(await openReceiver())
    const through = sender({ maxSocketsPerOrigin: 2 })
    const waiting = Array.from({ length: 10 }, () =>
      through.send({ url: dead.origin, headers: [], body: "", timeoutMs: 500 }),
    )
    const result = await post(through, alive.origin)
    expect(result.response?.status).toBe(200)
    expect(result.durationMs).toBeLessThan(400)
    for (const each of await Promise.all(waiting)) expect(each.failure?.code).toBe("timeout")
  })

  test("a connection that the receiver closed while idle is replaced before the next POST, which never fails", async () => {
    const idle: Socket[] = []
    const target = kept(
      await openRawReceiver((socket) => {
        idle.push(socket)
        socket.write(ok)
      }),
    )
    const through = sender()
    for (const cut of [(socket: Socket) => socket.end(), (socket: Socket) => socket.resetAndDestroy()]) {
      for (let n = 0; n < 10; n++) {
        expect((await post(through, target.origin)).failure).toBeNull()
        const socket = idle.at(-1)
        if (socket === undefined) throw new Error("no connection was made")
        const gone = new Promise((resolve) => socket.once("close", resolve))
        cut(socket)
        await gone
      }
    }
    expect(target.connections).toBe(20)
  })

  test("closed in the very moment of the next POST: it is delivered, or it fails in sight, never twice in silence", async () => {
    let requests = 0
    const target = kept(
      await openRawReceiver((socket) => {
        requests += 1
        socket.write(ok)
        // The close travels while the sender takes the connection up again.
        setImmediate(() => (requests % 2 === 0 ? socket.end() : socket.resetAndDestroy()))
      }),
    )
    const through = sender()
    let failures = 0
    for (let n = 0; n < 200; n++) {
      const before = requests
      const { failure } = await post(through, target.origin)
      expect(requests - before).toBeLessThanOrEqual(1)
      if (failure === null) continue
      failures += 1
      expect(failure.code).toBe("connection_reset")
    }
    expect(failures).toBeLessThan(200)
  })

  test("a request that was written is not written again, though its connection had been idle before", async () => {
    let requests = 0
    const target = kept(
      await openRawReceiver((socket) => {
        requests += 1
        // It reads the second request in full, perhaps acts on it, and closes without a word.
        if (requests === 2) socket.end()
        else socket.write(ok)
      }),
    )
    const through = sender()
    expect((await post(through, target.origin)).failure).toBeNull()
    await settled()
    expect((await post(through, target.origin)).failure?.code).toBe("connection_reset")
    expect(requests).toBe(2)
    expect(target.connections).toBe(1)
  })

  test("an idle connection is closed before the time the receiver announced", async () => {
    const closed = Promise.withResolvers<number>()
    const target = kept(
      await openRawReceiver(
        (socket) => socket.write("HTTP/1.1 200 OK\r\nkeep-alive: timeout=2\r\ncontent-length: 0\r\n\r\n"),
        {
          onConnection: (socket) => {
            socket.on("end", () => closed.resolve(performance.now()))
            socket.on("error", () => closed.resolve(performance.now()))
          },
        },
      ),
    )
    expect((await post(sender(), target.origin)).failure).toBeNull()
    const idleSinceMs = performance.now()
    const idleMs = (await closed.promise) - idleSinceMs
    expect(idleMs).toBeGreaterThan(500)
    expect(idleMs).toBeLessThan(2_000)
  })

  test("an attempt whose receiver was gone for a while works again once it is back", async () => {
    const first = await openReceiver()
    const through = sender()
    expect((await post(through, first.origin)).failure).toBeNull()
    await first.close()
    expect((await post(through, first.origin)).failure?.code).toMatch(/^connection_(refused|reset)$/)
    const second = kept(await openReceiver({ port: first.port }))
    expect((await post(through, second.origin)).response?.status).toBe(200)
  })
})

import { Tocsin } from "@tocsin/client"
import { describe, expect, it } from "vitest"
import { incomingEvents } from "../../src/cli/listening/incoming-events.ts"

type Listed = { readonly id: string; readonly type: string; readonly accepted: string }

function event(number: number): Listed {
  return {
    id: `evt_${number}`,
    type: "scan.completed",
    accepted: new Date(Date.UTC(2025, 0, 1) + number).toISOString(),
  }
}

/** A server as far as listening needs it: a list that grows, and streams that a test opens, fills and breaks. */
class ScriptedServer {
  readonly list: Listed[] = []
  #stream: ReadableStreamDefaultController<Uint8Array> | null = null
  #opened = Promise.withResolvers<void>()
  looks = 0
  /** Whether the stream's reader has gone. */
  left = false

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input))
    init?.signal?.throwIfAborted()
    if (url.pathname === "/v1/stream") return this.#open(init?.signal ?? null)
    this.looks += 1
    const from = url.searchParams.get("from")
    const data = [...this.list].reverse().filter(({ accepted }) => from === null || accepted >= from)
    return Response.json({ data, next_cursor: null })
  }

  /** Accepts an event that the open stream brings. */
  accept(accepted: Listed): void {
    this.list.push(accepted)
    this.#write(`event: event\ndata: ${JSON.stringify({ ...accepted, created: accepted.accepted, deliveries: 0 })}\n\n`)
  }

  /** Accepts an event that no stream brings. */
  acceptUnseen(accepted: Listed): void {
    this.list.push(accepted)
  }

  async connected(): Promise<void> {
    await this.#opened.promise
  }

  break(): void {
    this.#opened = Promise.withResolvers()
    this.#stream?.close()
    this.#stream = null
  }

  #open(signal: AbortSignal | null): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#stream = controller
        const leave = () => {
          this.left = true
          controller.error(signal?.reason)
        }
        signal?.addEventListener("abort", leave, { once: true })
      },
    })
    this.#write(": watching\n\n")
    this.#opened.resolve()
    return new Response(body, { headers: { "content-type": "text/event-stream" } })
  }

  #write(text: string): void {
    this.#stream?.enqueue(new TextEncoder().encode(text))
  }
}

function listening(server: ScriptedServer) {
  const stopping = new AbortController()
  const connections: boolean[] = []
  const tocsin = new Tocsin({ baseUrl: "http://server.test", apiKey: "tk_test", fetch: server.fetch, retries: 0 })
  const events = incomingEvents(tocsin, {
    signal: stopping.signal,
    onConnected: (again) => connections.push(again),
    lookEveryMs: 50,
  })
  const take = async (count: number): Promise<string[]> => {
    const taken: string[] = []
    while (taken.length < count) {
      const next = await events.next()
      if (next.done === true) throw new Error("it ended")
      taken.push(next.value.id)
    }
    return taken
  }
  return { take, connections, stop: () => stopping.abort(new Error("enough")), events }
}

describe("events that come in", () => {
  it("are those from now on, each once, though stream and list both bring them", async () => {
    const server = new ScriptedServer()
    for (let number = 0; number < 5; number++) server.acceptUnseen(event(number))
    const { take, stop, events } = listening(server)
    const taking = take(3)
    await server.connected()
    for (let number = 5; number < 8; number++) server.accept(event(number))
    expect(await taking).toEqual(["evt_5", "evt_6", "evt_7"])
    const looks = server.looks
    const more = take(1)
    await expect.poll(() => server.looks).toBeGreaterThan(looks + 1)
    server.accept(event(8))
    expect(await more).toEqual(["evt_8"])
    stop()
    await expect(events.next()).rejects.toThrow("enough")
  })

  it("are looked up when the stream was broken, in the order of acceptance", async () => {
    const server = new ScriptedServer()
    const { take, connections, stop } = listening(server)
    const first = take(1)
    await server.connected()
    server.accept(event(1))
    expect(await first).toEqual(["evt_1"])
    server.break()
    server.acceptUnseen(event(2))
    server.acceptUnseen(event(3))
    expect(await take(2)).toEqual(["evt_2", "evt_3"])
    const last = take(1)
    await server.connected()
    server.accept(event(4))
    expect(await last).toEqual(["evt_4"])
    await expect.poll(() => connections).toEqual([false, true])
    stop()
  })

  it("end with what ended the stream, also while one is at work", async () => {
    const server = new ScriptedServer()
    const { take, stop, events } = listening(server)
    const first = take(1)
    await server.connected()
    server.accept(event(1))
    await first
    // Nobody waits for an event now.
    server.accept(event(2))
    stop()
    await new Promise((resolve) => setImmediate(resolve))
    await expect(events.next().then(() => events.next())).rejects.toThrow("enough")
  })

  it("leave no stream behind when nobody takes them any more", async () => {
    const server = new ScriptedServer()
    const { take, events } = listening(server)
    const first = take(1)
    await server.connected()
    server.accept(event(1))
    await first
    await events.return()
    expect(server.left).toBe(true)
  })

  it("are found though the stream says nothing of them", async () => {
    const server = new ScriptedServer()
    const { take, stop } = listening(server)
    const taking = take(1)
    await server.connected()
    server.acceptUnseen(event(1))
    expect(await taking).toEqual(["evt_1"])
    stop()
  })
})

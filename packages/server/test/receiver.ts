import http from "node:http"
import https from "node:https"
import net, { type AddressInfo, type Socket } from "node:net"
import type { HeaderList } from "../src/domain/delivery.ts"

/** One request as it came over the wire. */
export type ReceivedRequest = {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Names as they were written, in their order. */
  readonly headerList: HeaderList
  /** The first value of a header, whatever the case of its name. */
  header(name: string): string | undefined
  readonly body: Buffer
  readonly text: string
  /** Of the monotonic clock (`performance.now()`), at the last byte. */
  readonly atMs: number
  /** Which connection it came on: 1 for the first. */
  readonly connection: number
}

/**
 * What to answer. A number is a status with an empty body; `reset` cuts the connection (TCP RST), `close` ends it in
 * good order, `silence` never answers; a function does as it likes with the response.
 */
export type Reply =
  | number
  | "reset"
  | "close"
  | "silence"
  | {
      readonly status: number
      readonly headers?: http.OutgoingHttpHeaders
      readonly body?: string | Buffer
      readonly afterMs?: number
    }
  | ((request: ReceivedRequest, response: http.ServerResponse) => void | Promise<void>)

export type ReceiverOptions = {
  /** Given in turn, the last one ever after; or chosen per request (`index` from 0). 200 by default. */
  readonly replies?: readonly Reply[] | ((request: ReceivedRequest, index: number) => Reply)
  /** Called once an answer has gone out whole, to a sender that was still there. */
  readonly onAnswered?: (request: ReceivedRequest, status: number) => void
  /** PEM texts: makes it an https receiver. */
  readonly tls?: https.ServerOptions
  /** 127.0.0.1 by default. */
  readonly host?: string
  /** A free one by default; name it to start again where another receiver was. */
  readonly port?: number
}

export type Receiver = {
  /** `http://127.0.0.1:1234`, without a path. */
  readonly origin: string
  readonly port: number
  /** Whole requests, in the order of their last bytes. */
  readonly received: readonly ReceivedRequest[]
  /** Connections accepted so far. */
  readonly connections: number
  /** Resolves with all received so far once there are `count`; rejects, saying how many came, after `withinMs`. */
  arrived(count: number, withinMs?: number): Promise<readonly ReceivedRequest[]>
  /** Changes the replies from now on. */
  reply(...replies: readonly Reply[]): void
  close(): Promise<void>
}

/** A real HTTP(S) server on loopback that records what it gets and answers as told. */
export async function openReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  const received: ReceivedRequest[] = []
  const waiting = new Set<() => void>()
  const sockets = new Map<Socket, number>()
  let connections = 0
  let choose = chooser(options.replies ?? [200])

  const answer: http.RequestListener = (incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk))
    incoming.on("error", () => {})
    incoming.on("end", () => {
      const request = record(incoming, Buffer.concat(chunks), sockets.get(incoming.socket) ?? 0)
      received.push(request)
      for (const wake of waiting) wake()
      response.once("finish", () => options.onAnswered?.(request, response.statusCode))
      give(choose(request, received.length - 1), request, response)
    })
  }
  const server = options.tls === undefined ? http.createServer(answer) : https.createServer(options.tls, answer)
  server.on(options.tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    connections += 1
    sockets.set(socket, connections)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => {})
  })
  // A client that hangs up during the handshake is an event of some tests, not a fault of the receiver.
  server.on("tlsClientError", () => {})
  server.on("clientError", (_error, socket) => socket.end("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n"))
  const port = await listening(server, options.port ?? 0, options.host ?? "127.0.0.1")

  return {
    origin: `${options.tls === undefined ? "http" : "https"}://${bracketed(options.host ?? "127.0.0.1")}:${port}`,
    port,
    received,
    get connections() {
      return connections
    },
    arrived(count, withinMs = 10_000) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check)
          reject(new Error(`${received.length} of ${count} requests arrived within ${withinMs} ms`))
        }, withinMs)
        const check = () => {
          if (received.length < count) return
          waiting.delete(check)
          clearTimeout(timer)
          resolve([...received])
        }
        waiting.add(check)
        check()
      })
    },
    reply(...replies) {
      choose = chooser(replies)
    },
    close: () => closed(server, () => server.closeAllConnections()),
  }
}

/** A bare TCP listener, for receivers whose answers no HTTP server would give. */
export type RawReceiver = {
  readonly origin: string
  readonly port: number
  /** Connections accepted so far. */
  readonly connections: number
  close(): Promise<void>
}

/**
 * @param onRequest called with a connection's socket when the blank line after the request's headers has come (so once
 *   per request), with the text up to then.
 */
export async function openRawReceiver(
  onRequest: (socket: Socket, head: string) => void,
  options: { readonly host?: string; readonly onConnection?: (socket: Socket) => void } = {},
): Promise<RawReceiver> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = net.createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => {})
    options.onConnection?.(socket)
    let text = ""
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
      const end = text.indexOf("\r\n\r\n")
      if (end === -1) return
      const head = text.slice(0, end + 4)
      text = ""
      onRequest(socket, head)
    })
  })
  const host = options.host ?? "127.0.0.1"
  const port = await listening(server, 0, host)
  return {
    origin: `http://${bracketed(host)}:${port}`,
    port,
    get connections() {
      return connections
    },
    close: () =>
      closed(server, () => {
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** A port on loopback at which nothing listens. */
export async function unusedPort(): Promise<number> {
  const server = net.createServer()
  const port = await listening(server, 0, "127.0.0.1")
  await closed(server, () => {})
  return port
}

function chooser(replies: NonNullable<ReceiverOptions["replies"]>): (request: ReceivedRequest, index: number) => Reply {
  if (typeof replies === "function") return replies
  let next = 0
  return () => replies[Math.min(next++, replies.length - 1)] ?? 200
}

function give(reply: Reply, request: ReceivedRequest, response: http.ServerResponse): void {
  if (typeof reply === "function") {
    Promise.resolve(reply(request, response)).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)))
    })
    return
  }
  switch (reply) {
    case "reset":
      response.socket?.resetAndDestroy()
      return
    case "close":
      response.socket?.end()
      return
    case "silence":
      return
  }
  const { status, headers = {}, body = "", afterMs = 0 } = typeof reply === "number" ? { status: reply } : reply
  const write = () => response.writeHead(status, headers).end(body)
  if (afterMs === 0) write()
  else setTimeout(write, afterMs)
}

function record(incoming: http.IncomingMessage, body: Buffer, connection: number): ReceivedRequest {
  const raw = incoming.rawHeaders
  const headerList: [string, string][] = []
  for (let index = 0; index + 1 < raw.length; index += 2) headerList.push([raw[index] ?? "", raw[index + 1] ?? ""])
  return {
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    headerList,
    header: (name) => headerList.find(([known]) => known.toLowerCase() === name.toLowerCase())?.[1],
    body,
    text: body.toString("utf8"),
    atMs: performance.now(),
    connection,
  }
}

function listening(server: net.Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, host, () => resolve(portOf(server.address())))
  })
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === "string") throw new Error("the server does not listen on TCP")
  return address.port
}

function closed(server: net.Server, cut: () => void): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    cut()
  })
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host
}

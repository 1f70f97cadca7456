/**
 * The receiver of the benchmarks, in a process of its own and the same for every contender: reads each request whole,
 * answers 200, and counts by the path's first part. Asked by message, it tells what arrived.
 */
import { readFileSync } from "node:fs"
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { createServer as createTcpServer, type Server, type Socket } from "node:net"
import { Compile } from "typebox/compile"
import { receiverCertificate, receiverKey } from "./certificates.ts"
import { monotonicMs } from "./monotonic-clock.ts"
import { type Behaviour, Question } from "./receiver-messages.ts"

const counts = new Map<string, number>()
const behaviourOf = new Map<string, Behaviour>()
let stamps: [string, number][] | null = null

const listener: RequestListener = (request, response) => {
  request.resume()
  request.on("end", () => {
    const path = firstPart(request.url ?? "/")
    if (stamps !== null) stamp(stamps, request)
    counts.set(path, (counts.get(path) ?? 0) + 1)
    answer(behaviourOf.get(path) ?? "ok", response)
  })
}

function firstPart(url: string): string {
  const end = url.indexOf("/", 1)
  return end === -1 ? url.slice(1) : url.slice(1, end)
}

function stamp(into: [string, number][], { headers }: IncomingMessage): void {
  const id = headers["webhook-id"]
  if (typeof id === "string") into.push([id, monotonicMs()])
}

function answer(behaviour: Behaviour, response: ServerResponse): void {
  if (behaviour === "silent") return
  response.writeHead(behaviour === "ok" ? 200 : 503, { "content-length": "2" })
  response.end(behaviour === "ok" ? "OK" : "NO")
}

/** On all addresses of loopback, 127.0.0.0/8, so that each webhook can have an origin of its own; on nothing else. */
async function listen(server: Server): Promise<number> {
  server.on("connection", (socket: Socket) => {
    if (socket.remoteAddress?.startsWith("127.") !== true) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host: "0.0.0.0", backlog: 4_096 }, resolve))
  const address = server.address()
  if (typeof address !== "object" || address === null) throw new Error("the receiver has no address")
  return address.port
}

/** A port that refuses connections: one that was free a moment ago. */
async function refusedPort(): Promise<number> {
  const server = createTcpServer()
  const port = await listen(server)
  server.close()
  return port
}

const plain = createServer({ keepAliveTimeout: 60_000 }, listener)
const encrypted = createTlsServer(
  { cert: readFileSync(receiverCertificate), key: readFileSync(receiverKey), keepAliveTimeout: 60_000 },
  listener,
)
// A silent receiver keeps its requests open: Node would otherwise end them by itself.
for (const server of [plain, encrypted]) Object.assign(server, { requestTimeout: 0, headersTimeout: 0, timeout: 0 })

const question = Compile(Question)
process.on("message", (message) => process.send?.(reply(question.Parse(message))))
process.on("disconnect", () => process.exit(0))

function reply(asked: Question): object {
  switch (asked.ask) {
    case "counts":
      return Object.fromEntries(counts)
    case "behave":
      behaviourOf.set(asked.path, asked.behaviour)
      return { done: true }
    case "stamp":
      stamps = []
      return { done: true }
    case "stamps": {
      const stamped = stamps ?? []
      stamps = null
      return stamped
    }
  }
}

const [httpPort, httpsPort] = [await listen(plain), await listen(encrypted)]
process.send?.({ httpPort, httpsPort, refusedPort: await refusedPort() })

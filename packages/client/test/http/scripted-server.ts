import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { onTestFinished } from "vitest"
import { Tocsin, type TocsinOptions } from "../../src/index.ts"

type Seen = {
  readonly method: string
  /** With the query. */
  readonly url: string
  readonly headers: IncomingMessage["headers"]
  readonly body: string
}

type Reply = (response: ServerResponse, seen: Seen) => void

export function json(status: number, content: unknown, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(content))
  }
}

export function problem(status: number, code: string, more: object = {}, headers: Record<string, string> = {}): Reply {
  const content = { type: `/docs/problems#${code}`, title: code, status, detail: "Do this.", code, request_id: "req_1" }
  return json(status, { ...content, ...more }, { "content-type": "application/problem+json", ...headers })
}

/** The socket is closed before a word is said. */
export const hangUp: Reply = (response) => response.socket?.destroy()

/**
 * A real HTTP server on loopback that gives its replies in turn, the last one again and again, and records what it was
 * asked. Retries wait 2 ms, so that no test waits for them.
 */
export async function scriptedServer(...replies: readonly Reply[]) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    let body = ""
    for await (const piece of request.setEncoding("utf8")) body += piece
    const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body }
    seen.push(one)
    const reply = replies[Math.min(seen.length, replies.length) - 1]
    if (reply === undefined) throw new Error("no reply was scripted")
    reply(response, one)
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  const baseUrl = `http://127.0.0.1:${address.port}`
  const client = (options: Partial<TocsinOptions> = {}) =>
    new Tocsin({ baseUrl, apiKey: "tk_test", retries: { retries: 4, firstDelayMs: 2 }, ...options })
  return { baseUrl, seen, client }
}

/** What a promise was rejected with. */
export async function failureOf(outcome: Promise<unknown>): Promise<unknown> {
  return outcome.then(
    (value) => {
      throw new Error(`it succeeded: ${JSON.stringify(value)}`)
    },
    (failure: unknown) => failure,
  )
}

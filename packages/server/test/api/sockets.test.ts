import { connect, type Socket } from "node:net"
import { describe, expect, it, onTestFinished } from "vitest"
import { answered, type RunningApi, runApi, text, violationEvent } from "./running-api.ts"

async function listening({ app }: RunningApi): Promise<number> {
  return Number(new URL(await app.listen({ host: "127.0.0.1", port: 0 })).port)
}

/** All that comes back until the other side ends it. */
async function exchange(port: number, sent: string): Promise<string> {
  const socket = connect(port, "127.0.0.1")
  socket.write(sent)
  let received = ""
  for await (const chunk of socket) received += String(chunk)
  return received
}

describe("bytes that are no HTTP", () => {
  it("are answered with a problem, and the server goes on", async () => {
    const api = await runApi()
    const port = await listening(api)
    const malformed = await exchange(port, "HELLO\r\n\r\n")
    expect(malformed).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n/)
    expect(malformed).toContain('"code":"request_malformed"')
    const large = await exchange(port, `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(40_000)}\r\n\r\n`)
    expect(large).toContain('"code":"headers_too_large"')
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200)
  })
})

describe("a body that is refused", () => {
  it("is read away after its answer, and the connection goes on", async () => {
    const api = await runApi()
    const port = await listening(api)
    const head = `Host: a\r\n${bearer(await api.workspaceKey())}\r\nContent-Type: application/json\r\n`
    const large = `POST /v1/events HTTP/1.1\r\n${head}Content-Length: 2000000\r\n\r\n${"x".repeat(2_000_000)}`
    const malformed = `POST /v1/events HTTP/1.1\r\n${head}Content-Length: 1\r\n\r\n{`
    const last = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    const answers = await exchange(port, large + malformed + last)
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 413", "HTTP/1.1 400", "HTTP/1.1 200"])
  })
})

const bearer = (key: string) => `Authorization: Bearer ${key}`

/** A reader of the stream, whose text grows as it comes. */
async function watch(port: number, by: string) {
  const socket: Socket = connect(port, "127.0.0.1")
  onTestFinished(() => void socket.destroy())
  socket.write(`GET /v1/stream HTTP/1.1\r\nHost: a\r\n${by}\r\n\r\n`)
  let received = ""
  let heard = () => {}
  socket.on("data", (chunk) => {
    received += String(chunk)
    heard()
  })
  const ended = new Promise<void>((resolve) => socket.once("end", resolve))
  async function until(part: string): Promise<string> {
    while (!received.includes(part)) await new Promise<void>((resolve) => (heard = resolve))
    return received
  }
  return { until, ended }
}

describe("the stream", () => {
  it("tells a workspace's watchers of events and attempts as they happen, and nobody else", async () => {
    const api = await runApi()
    const port = await listening(api)
    const ours = await api.workspaceKey()
    const theirs = await api.workspaceKey()
    await api.webhook(ours, { headers: { Authorization: "Bearer s3cr3t" } })
    const watcher = await watch(port, bearer(ours))
    const stranger = await watch(port, bearer(theirs))
    expect(await watcher.until(": watching")).toContain("content-type: text/event-stream")
    await stranger.until(": watching")

    const event = await api.call("POST", "/v1/events", { key: ours, body: violationEvent })
    const id = text(event.json.id)
    await watcher.until("event: event\ndata: ")
    await api.clock.advance(1_000)
    await watcher.until("event: attempt")
    const seen = await watcher.until('"status":"delivered"')
    expect(seen).toContain(`"event_id":"${id}"`)
    expect(seen).not.toContain("s3cr3t")
    await api.clock.advance(15_000)
    expect(await stranger.until(": alive")).not.toContain(id)
  })

  it("tells of the events that Tocsin publishes itself as of others", async () => {
    const api = await runApi()
    const port = await listening(api)
    const key = await api.workspaceKey()
    await api.webhook(key, { events: ["webhook.disabled"] })
    const gone = await api.webhook(key, {})
    api.receivers.answer = () => answered(410)
    const watcher = await watch(port, bearer(key))
    await watcher.until(": watching")
    await api.call("POST", "/v1/events", { key, body: violationEvent })
    await api.clock.advance(1_000)
    expect((await api.call("GET", `/v1/webhooks/${gone.id}`, { key })).json.status).toBe("disabled")
    await watcher.until('"type":"webhook.disabled"')
  })

  it("ends for a key that was revoked, and when the server stops", async () => {
    const api = await runApi()
    const port = await listening(api)
    const key = await api.workspaceKey()
    const made = await api.call("POST", "/v1/api-keys", { key, body: { name: "watcher" } })
    const revoked = await watch(port, bearer(text(made.json.key)))
    const other = await watch(port, bearer(key))
    await revoked.until(": watching")
    await other.until(": watching")
    await api.call("DELETE", `/v1/api-keys/${made.json.id}`, { key })
    await api.clock.advance(15_000)
    await revoked.ended
    await other.until(": alive")
    await Promise.all([api.app.close(), other.ended])
  })

  it("tells a key nothing more from the moment that it is revoked", async () => {
    const api = await runApi()
    const port = await listening(api)
    const key = await api.workspaceKey()
    const made = await api.call("POST", "/v1/api-keys", { key, body: { name: "watcher" } })
    const revoked = await watch(port, bearer(text(made.json.key)))
    await revoked.until(": watching")
    await api.call("DELETE", `/v1/api-keys/${made.json.id}`, { key })
    await api.call("POST", "/v1/events", { key, body: violationEvent })
    await revoked.ended
    expect(await revoked.until(": watching")).not.toContain("event: event")
  })

  it("tells a page nothing more once it has signed out", async () => {
    const api = await runApi()
    const port = await listening(api)
    const key = await api.workspaceKey()
    const ofPage = { "x-tocsin-page": "1", "sec-fetch-site": "same-origin" }
    const signedIn = await api.call("POST", "/v1/session", { body: { api_key: key }, headers: ofPage })
    const [cookie = ""] = text(signedIn.headers["set-cookie"]).split(";", 1)
    const watcher = await watch(port, `Cookie: ${cookie}`)
    await watcher.until(": watching")
    await api.call("DELETE", "/v1/session", { headers: { ...ofPage, cookie } })
    await api.call("POST", "/v1/events", { key, body: violationEvent })
    await watcher.ended
    expect(await watcher.until(": watching")).not.toContain("event: event")
  })

  it("has no HEAD, which would never end", async () => {
    const api = await runApi()
    const headers = { authorization: `Bearer ${await api.workspaceKey()}` }
    const answer = await fetch(`http://127.0.0.1:${await listening(api)}/v1/stream`, { method: "HEAD", headers })
    expect(answer.status).toBe(405)
    expect(answer.headers.get("allow")).toBe("GET")
  })

  it("needs a scope that has something to show", async () => {
    const api = await runApi()
    const key = await api.workspaceKey()
    const made = await api.call("POST", "/v1/api-keys", { key, body: { name: "x", scopes: ["events:write"] } })
    const answer = await api.call("GET", "/v1/stream", { key: text(made.json.key) })
    expect(answer).toMatchObject({ status: 403, json: { code: "scope_missing" } })
  })
})

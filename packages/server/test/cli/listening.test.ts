import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { runCommand } from "./running-command.ts"

const accepted = "2025-01-01T00:00:00.000Z"
const event = { id: "evt_1", type: "scan.completed", created: accepted, accepted, payload: '{"id":"evt_1"}' }

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

/** A server that tells of one event on its stream, and is away, as a proxy says it, the first times that it is asked for it. */
async function serverThatGoesAway(times: number) {
  let away = times
  const server = createServer(({ url = "" }, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { "content-type": status === 200 ? "application/json" : "application/problem+json" })
      response.end(JSON.stringify(body))
    }
    if (url === "/v1/session") answer(200, { workspace: { id: "ws_1", name: "acme", profile: "standard" }, key: {} })
    else if (url === "/v1/stream") {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write(`event: event\ndata: ${JSON.stringify(event)}\n\n`)
    } else if (url !== "/v1/events/evt_1") answer(200, { data: [], next_cursor: null })
    else if (away-- > 0) response.writeHead(503, { "retry-after": "600" }).end()
    else answer(200, event)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  open.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return { environment: { TOCSIN_URL: `http://127.0.0.1:${port}`, TOCSIN_KEY: "tk_test" } }
}

describe("tocsin listen", () => {
  it("forwards what it was told of before the server went away, once that is back", async () => {
    const stopping = new AbortController()
    const ended = runCommand(["listen", "--print"], {
      ...(await serverThatGoesAway(2)),
      signal: stopping.signal,
      // Asked for when the event is shown.
      now: () => {
        stopping.abort(new Error("seen"))
        return 0
      },
    })
    expect(await ended).toMatchObject({ code: 0, err: "", out: expect.stringContaining('{"id":"evt_1"}') })
  })
})

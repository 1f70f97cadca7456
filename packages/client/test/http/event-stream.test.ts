import type { ServerResponse } from "node:http"
import { describe, expect, it } from "vitest"
import { TocsinProblem } from "../../src/index.ts"
import { failureOf, hangUp, json, problem, scriptedServer } from "./scripted-server.ts"

function streaming(text: string, then: (response: ServerResponse) => void = () => {}) {
  return (response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.write(text, () => then(response))
  }
}

const end = (response: ServerResponse) => response.end()
const breakOff = (response: ServerResponse) => response.socket?.destroy()

describe("the stream", () => {
  it("goes on after its last id when the connection ends, breaks or is refused for a while", async () => {
    const { client, seen } = await scriptedServer(
      streaming("retry: 1\nid: 1\nevent: event\ndata: {}\n\n", end),
      streaming("id: 2\ndata: ü\n\nid: 3\ndata: half", breakOff),
      hangUp,
      problem(503, "not_ready"),
      streaming("id: 3\ndata: whole\n\n"),
    )
    const got: string[] = []
    for await (const { id, event, data } of client().stream()) {
      got.push(`${id} ${event} ${data}`)
      if (got.length === 3) break
    }
    expect(got).toEqual(["1 event {}", "2 message ü", "3 message whole"])
    expect(seen.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1", "2", "2", "2"])
    expect(seen[0]).toMatchObject({ url: "/v1/stream", headers: { accept: "text/event-stream" } })
  })

  it("closes its connection when nobody reads on", async () => {
    const closed = Promise.withResolvers<void>()
    const { client } = await scriptedServer(
      streaming("data: x\n\n", (response) => response.on("close", () => closed.resolve())),
    )
    for await (const message of client().stream()) {
      expect(message.data).toBe("x")
      break
    }
    await closed.promise
  })

  it("ends with the signal's reason, also while it is silent", async () => {
    const reason = new Error("enough")
    const stop = new AbortController()
    const { client } = await scriptedServer(streaming("data: x\n\n"))
    const stream = client().stream({ signal: stop.signal })
    expect(await stream.next()).toMatchObject({ value: { data: "x" } })
    const next = failureOf(stream.next())
    stop.abort(reason)
    expect(await next).toBe(reason)
  })

  it("throws what will not pass", async () => {
    const { client, seen } = await scriptedServer(problem(401, "key_unknown"))
    expect(await failureOf(client().stream().next())).toBeInstanceOf(TocsinProblem)
    expect(seen).toHaveLength(1)
  })

  it("takes a connection on which nothing comes for dead", async () => {
    const { client, seen } = await scriptedServer(streaming("retry: 1\n\n"), streaming("data: x\n\n"))
    expect(await client().stream({ idleTimeoutMs: 20 }).next()).toMatchObject({ value: { data: "x" } })
    expect(seen.length).toBeGreaterThanOrEqual(2)
  })

  it("is not fooled by an answer that is no stream", async () => {
    const { client } = await scriptedServer(json(200, {}))
    const failure = await failureOf(client().stream().next())
    expect(failure).toMatchObject({ code: "unexpected_response" })
  })
})

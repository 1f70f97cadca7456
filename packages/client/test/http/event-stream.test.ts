import type { ServerResponse } from "node:http"
import { describe, expect, it } from "vitest"
import { Connection } from "../../src/http/connection.ts"
import { type EventStreamOptions, eventStream } from "../../src/http/event-stream.ts"
import { TocsinProblem } from "../../src/index.ts"
import { failureOf, hangUp, json, problem, scriptedServer } from "./scripted-server.ts"

function streaming(text: string, then: (response: ServerResponse) => void = () => {}) {
  return (response: ServerResponse) => {
    response.writeHead(200, { "content-type": "text/event-stream" })
    response.write(text, () => then(response))
  }
}

const stream = (baseUrl: string, options: EventStreamOptions = {}) =>
  eventStream(new Connection({ baseUrl }), "/v1/stream", options)

const end = (response: ServerResponse) => response.end()
const breakOff = (response: ServerResponse) => response.socket?.destroy()

describe("the stream", () => {
  it("goes on after its last id when the connection ends, breaks or is refused for a while", async () => {
    const { baseUrl, seen } = await scriptedServer(
      streaming("retry: 1\nid: 1\nevent: event\ndata: {}\n\n", end),
      streaming("id: 2\ndata: ü\n\nid: 3\ndata: half", breakOff),
      hangUp,
      problem(503, "not_ready"),
      streaming("id: 3\ndata: whole\n\n"),
    )
    const got: string[] = []
    const onConnected = () => got.push("connected")
    const onDisconnected = () => got.push("disconnected")
    for await (const { id, event, data } of stream(baseUrl, { onConnected, onDisconnected })) {
      got.push(`${id} ${event} ${data}`)
      if (id === "3") break
    }
    const [first, second, third] = ["1 event {}", "2 message ü", "3 message whole"].map((message) => [
      "connected",
      message,
      "disconnected",
    ])
    // Refused connections never were any.
    expect(got).toEqual([first, second, third].flat())
    expect(seen.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1", "2", "2", "2"])
    expect(seen[0]).toMatchObject({ url: "/v1/stream", headers: { accept: "text/event-stream" } })
  })

  it("closes its connection when nobody reads on", async () => {
    const closed = Promise.withResolvers<void>()
    const { baseUrl } = await scriptedServer(
      streaming("data: x\n\n", (response) => response.on("close", () => closed.resolve())),
    )
    for await (const message of stream(baseUrl)) {
      expect(message.data).toBe("x")
      break
    }
    await closed.promise
  })

  it("ends with the signal's reason, also while it is silent", async () => {
    const reason = new Error("enough")
    const stop = new AbortController()
    const { baseUrl } = await scriptedServer(streaming("data: x\n\n"))
    const messages = stream(baseUrl, { signal: stop.signal })
    expect(await messages.next()).toMatchObject({ value: { data: "x" } })
    const next = failureOf(messages.next())
    stop.abort(reason)
    expect(await next).toBe(reason)
  })

  it("throws what will not pass", async () => {
    const { baseUrl, seen } = await scriptedServer(problem(401, "key_unknown"))
    expect(await failureOf(stream(baseUrl).next())).toBeInstanceOf(TocsinProblem)
    expect(seen).toHaveLength(1)
  })

  it("takes a connection on which nothing comes for dead", async () => {
    const { baseUrl, seen } = await scriptedServer(streaming("retry: 1\n\n"), streaming("data: x\n\n"))
    expect(await stream(baseUrl, { idleTimeoutMs: 20 }).next()).toMatchObject({ value: { data: "x" } })
    expect(seen.length).toBeGreaterThanOrEqual(2)
  })

  it("is not fooled by an answer that is no stream", async () => {
    const { baseUrl } = await scriptedServer(json(200, {}))
    const failure = await failureOf(stream(baseUrl).next())
    expect(failure).toMatchObject({ code: "unexpected_response" })
  })

  it("gives typed activities, and passes over what it does not know", async () => {
    const { client } = await scriptedServer(
      streaming(
        [
          'event: event\ndata: {"id":"evt_1","deliveries":2}',
          'event: unheard_of\ndata: {"id":"x"}',
          "event: attempt\ndata: no JSON",
          'event: attempt\ndata: {"delivery_id":"dlv_1","status":"retrying"}',
          "",
        ].join("\n\n"),
      ),
    )
    const got: string[] = []
    for await (const activity of client().stream()) {
      got.push(
        activity.kind === "event" ? activity.event.id : `${activity.attempt.delivery_id} ${activity.attempt.status}`,
      )
      if (activity.kind === "attempt") break
    }
    expect(got).toEqual(["evt_1", "dlv_1 retrying"])
  })
})

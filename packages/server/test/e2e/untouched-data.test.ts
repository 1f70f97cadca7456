import { beforeAll, describe, expect, it } from "vitest"
import { openReceiver, type ReceivedRequest } from "../receiver.ts"
import { members, Workspace } from "./api-calls.ts"
import { newDataDirectory, type RunningServer, startServer } from "./server-process.ts"

const dataDirectory = newDataDirectory()
let server: RunningServer

beforeAll(async () => {
  server = await startServer({ TOCSIN_DATA_DIR: dataDirectory })
})

/** What any step that parses and writes JSON anew would change. */
const untouched: Readonly<Record<string, string>> = {
  "the order of members": '{"zebra":1,"alpha":2,"middle":3,"Alpha":4}',
  "integer-like names, which JavaScript sorts first": '{"b":1,"10":2,"a":3,"2":4,"01":5,"-1":6}',
  "integers beyond 2^53": '{"id":12345678901234567890,"low":-9007199254740993,"max":18446744073709551615}',
  "the spelling of numbers":
    '{"a":1.0,"b":1.10,"c":-0,"d":-0.0,"e":1e2,"f":1E+2,"g":1e-7,"h":0.1000000000000000055511151231257827}',
  "numbers beyond double precision": '{"huge":1e400,"tiny":1e-400,"long":3.14159265358979323846264338327950288}',
  "text beyond ASCII":
    '{"k\u00fc\u00e7e":"\u00dcn\u00efc\u00f6d\u00e9 \ud83d\udd14 \u65e5\u672c\u8a9e \u0639\u0631\u0628\u064a","astral":"\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67"}',
  "both line separators of JavaScript and a byte order mark": '{"a":"\u2028\u2029","b":"\ufeff"}',
  "escapes as they were written":
    '{"a":"\\u00e9\\u00E9\u00e9","b":"\\/ /","c":"\\ud83d\\udd14","d":"\\u0000\\u001f\\n\\t\\b\\f\\r\\"\\\\","\\u0065":1}',
  "a lone surrogate, escaped": '{"lone":"\\ud800"}',
  "white space between tokens": '{ "a" :\t[ 1 ,\n2,\r\n  3 ] , "b": { } , "c":[ ],"d":{"e" : null} }',
  "names that mean something to JavaScript": '{"__proto__":{"x":1},"constructor":{"prototype":{}},"toString":1,"":2}',
  "names of the envelope's own members":
    '{"id":"mine","data":{"data":{"data":1}},"type":"x","created":"never","metadata":{}}',
  "brackets and quotes within strings": '{"a":"}]\\"{[,:","b":"\\\\","c":["]"]}',
  // With the batch around it, as deep as the API takes.
  "deep nesting": `{"a":${"[".repeat(95)}${'{"deepest":1.0}'}${"]".repeat(95)}}`,
  "an empty object": "{}",
  "a long text": `{"a":"${"\u00e4".repeat(100_000)}"}`,
}
const cases = Object.entries(untouched)

/** The member `data` of a delivered body, as its bytes say. */
function dataIn(request: ReceivedRequest, envelope: { before: RegExp; after: RegExp }): string {
  const { text } = request
  const start = envelope.before.exec(text)?.[0].length ?? Number.NaN
  const rest = text.slice(start)
  const end = envelope.after.exec(rest)?.index ?? Number.NaN
  return rest.slice(0, end)
}

const envelopes = {
  policycortex: { before: /^\{"id":"[^"]+","type":"own\.type","created":"[^"]+","data":/, after: /\}$/ },
  cybervault: {
    before: /^\{"id":"[^"]+","event":"own\.type","timestamp":"[^"]+","data":/,
    after: /,"metadata":\{"workspace_id":"[^"]+","engine_version":"[^"]+","idempotency_key":"[^"]+"\}\}$/,
  },
  standard: { before: /^\{"type":"own\.type","timestamp":"[^"]+","data":/, after: /\}$/ },
} as const

describe("data reaches the receiver as the publisher wrote it, byte for byte", () => {
  it.each(["policycortex", "cybervault", "standard"] as const)("in %s's envelope", async (profile) => {
    const workspace = await Workspace.create(server.address, profile)
    await workspace.post("/v1/event-types", { name: "own.type", description: "Anything" })
    const receiver = await openReceiver()
    try {
      await workspace.post("/v1/webhooks", {
        url: `${receiver.origin}/hook`,
        events: ["own.type"],
        secret: "your-webhook-secret",
        ordering: "strict",
      })
      const singles: unknown[] = []
      for (const [what, data] of cases) {
        const answer = await workspace.ask("POST", "/v1/events", { raw: `{"type":"own.type","data":${data}}` })
        expect([what, answer.status]).toEqual([what, 202])
        singles.push(answer.json.id)
      }
      // Members around it in another order, and white space around it, which is not part of it.
      const events = cases.map(([, data]) => ` { "data" :\n${data}\t, "type":"own.type" } `).join(",")
      const batch = await workspace.ask("POST", "/v1/events/batch", { raw: `{"events":[${events}]}` })
      expect(batch.status).toBe(202)
      const ids = [...singles, ...members(batch.json, "data").map(({ id }) => id)]

      const received = await receiver.arrived(2 * cases.length)
      received.forEach((request, index) => {
        const [what, data] = cases[index % cases.length] ?? []
        expect([what, dataIn(request, envelopes[profile])]).toEqual([what, data])
      })
      expect(received.map((request) => request.header("webhook-id"))).toEqual(ids)

      // The log shows the same, and so does every later attempt.
      for (const [index, id] of singles.entries()) {
        const shown = await workspace.ask("GET", `/v1/events/${id}`)
        expect(shown.text).toContain(`,"data":${cases[index]?.[1]},"metadata":null}`)
        expect(shown.json.payload).toBe(received[index]?.text)
      }
    } finally {
      await receiver.close()
    }
  })

  it("again on every retry and every replay, also after a restart", async () => {
    const workspace = await Workspace.create(server.address, "policycortex")
    await workspace.post("/v1/event-types", { name: "own.type", description: "Anything" })
    const receiver = await openReceiver({ replies: [500, 500, 200] })
    try {
      const { id: webhookId } = await workspace.post("/v1/webhooks", {
        url: `${receiver.origin}/hook`,
        events: ["own.type"],
        secret: "your-webhook-secret",
        retry_config: { initial_delay_seconds: 1, backoff_multiplier: 1 },
      })
      const data = `{"b":12345678901234567890, "a":1.0,"1":"\\u00e9é"}`
      const raw = `{"type":"own.type","data":${data},"metadata":{"z":1.0,"a":2}}`
      const { json } = await workspace.ask("POST", "/v1/events", { raw })
      const [first] = await receiver.arrived(1)
      expect(first?.text).toContain(`"data":${data}}`)
      await server.kill()
      server = await startServer({ TOCSIN_DATA_DIR: dataDirectory })
      workspace.address = server.address
      await receiver.arrived(3)
      await workspace.post(`/v1/webhooks/${webhookId}/replay`, {
        from: new Date(Date.now() - 60_000).toISOString(),
        to: new Date(Date.now() + 60_000).toISOString(),
      })
      const received = await receiver.arrived(4)
      for (const request of received) {
        expect(request.body).toEqual(first?.body)
        expect(request.header("webhook-id")).toBe(json.id)
      }
      expect((await workspace.ask("GET", `/v1/events/${json.id}`)).text).toContain('"metadata":{"z":1.0,"a":2}')
    } finally {
      await receiver.close()
    }
  })
})

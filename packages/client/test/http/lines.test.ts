import type { ServerResponse } from "node:http"
import { describe, expect, it } from "vitest"
import { TocsinUnreachable } from "../../src/index.ts"
import { failureOf, json, problem, scriptedServer } from "./scripted-server.ts"

/** An answer of lines, which comes in the given pieces. */
function lines(pieces: readonly (string | Buffer)[], then: (response: ServerResponse) => void = (r) => r.end()) {
  return async (response: ServerResponse) => {
    response.writeHead(200, { "content-type": "application/x-ndjson" })
    for (const piece of pieces) await new Promise((written) => response.write(piece, written))
    then(response)
  }
}

async function collected(list: AsyncIterable<string>): Promise<readonly string[]> {
  const all: string[] = []
  for await (const one of list) all.push(one)
  return all
}

describe("an audit log's export", () => {
  it("comes line by line, however it was cut on its way", async () => {
    const whole = Buffer.from('{"at":"é"}\n{"at":"🔔"}\n{}\n')
    const bytes = [...whole].map((byte) => Buffer.from([byte]))
    for (const pieces of [[whole], bytes]) {
      const { client } = await scriptedServer(lines(pieces))
      expect(await collected(client().auditLog.export())).toEqual(['{"at":"é"}', '{"at":"🔔"}', "{}"])
    }
  })

  it("is empty where nothing happened, and asks for the workspace it is told", async () => {
    const { client, seen } = await scriptedServer(lines([]))
    expect(await collected(client().auditLog.export({ workspace_id: "ws_1" }))).toEqual([])
    expect(seen[0]).toMatchObject({
      url: "/v1/audit-log/export?workspace_id=ws_1",
      headers: { accept: "application/x-ndjson", authorization: "Bearer tk_test" },
    })
  })

  it("does not pass for whole when it breaks off", async () => {
    const { client } = await scriptedServer(lines(["{}\n", '{"half'], (response) => response.socket?.destroy()))
    const all = client().auditLog.export()
    expect(await all.next()).toMatchObject({ value: "{}" })
    expect(await failureOf(all.next())).toBeInstanceOf(TocsinUnreachable)
  })

  it("is tried again until it begins, and no longer than makes sense", async () => {
    const patient = await scriptedServer(problem(503, "not_ready"), lines(["{}\n"]))
    expect(await collected(patient.client().auditLog.export())).toEqual(["{}"])
    const refusing = await scriptedServer(problem(403, "scope_missing"))
    expect(await failureOf(collected(refusing.client().auditLog.export()))).toMatchObject({ code: "scope_missing" })
    expect(refusing.seen).toHaveLength(1)
    const other = await scriptedServer(json(200, {}))
    expect(await failureOf(collected(other.client().auditLog.export()))).toMatchObject({ code: "unexpected_response" })
  })

  it("ends with the signal's reason", async () => {
    const reason = new Error("enough")
    const stop = new AbortController()
    const { client } = await scriptedServer(lines(["{}\n"], () => {}))
    const all = client().auditLog.export({}, { signal: stop.signal })
    await all.next()
    const next = failureOf(all.next())
    stop.abort(reason)
    expect(await next).toBe(reason)
  })
})

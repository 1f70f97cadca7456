import { describe, expect, it } from "vitest"
import { censor, openLog } from "../../src/system/logging.ts"

function logged(write: (log: ReturnType<typeof openLog>) => void) {
  const lines: string[] = []
  write(openLog({ write: (line) => lines.push(line) }))
  expect(lines).toHaveLength(1)
  const line: unknown = JSON.parse(lines[0] ?? "")
  return { line, text: lines[0] ?? "" }
}

describe("the log", () => {
  it("is a line of JSON with level, time, pid, hostname and message", () => {
    const { line } = logged((log) => log.warn({ inFlight: 3 }, "attempts left"))
    expect(line).toEqual({
      level: 40,
      time: expect.any(Number),
      pid: process.pid,
      hostname: expect.any(String),
      inFlight: 3,
      msg: "attempts left",
    })
  })

  it("leaves out what looks like a credential by its field, however deep", () => {
    const { line, text } = logged((log) =>
      log.error({
        request: { headers: { Authorization: "hidden-1", "X-Api-Key": "hidden-2", accept: "*/*" } },
        webhook: { id: "wh_1", secrets: { current: "hidden-3" }, list: [{ client_secret: "hidden-4" }] },
        cookie: "hidden-5",
      }),
    )
    expect(text).not.toContain("hidden")
    expect(line).toMatchObject({
      request: { headers: { Authorization: censor, accept: "*/*" } },
      webhook: { id: "wh_1", secrets: censor, list: [{ client_secret: censor }] },
    })
  })

  it("leaves out what a library's error brings along, in its text and its fields", () => {
    const error = Object.assign(new Error("cannot reach postgres://tocsin:hidden-1@db/x with Bearer hidden-2"), {
      code: "ECONNREFUSED",
      parameters: ["hidden-3"],
      options: { password: "hidden-4", host: "db" },
    })
    const { line, text } = logged((log) => log.error({ err: error }, "sending whsec_aGlkZGVuLTU= failed"))
    expect(text).not.toMatch(/hidden|aGlkZGVu/)
    expect(line).toMatchObject({
      err: { type: "Error", code: "ECONNREFUSED", options: { host: "db" } },
      msg: `sending ${censor} failed`,
    })
    expect(text).toContain(`postgres://${censor}@db/x with Bearer ${censor}`)
    // Where it happened is still told.
    expect(text).toContain("logging.test.ts")
  })

  it("leaves our own keys out of any text, and keeps what is like them", () => {
    const { text } = logged((log) =>
      log.info({ told: ["tk_aGlkZGVuLWhpZGRlbi1oaWRkZW4", "key_0190b2", "wh_0190b2"] }, "ta_aGlkZGVuLWhpZGRlbi1oaWRk"),
    )
    expect(text).not.toContain("aGlkZGVu")
    expect(text).toContain("key_0190b2")
    expect(text).toContain("wh_0190b2")
  })

  it("is kept by what is derived from it, as the API's log of each request is", () => {
    const { line } = logged((log) => log.child({ reqId: "req_1" }).warn({ token: "hidden" }, "refused"))
    expect(line).toMatchObject({ reqId: "req_1", token: censor, msg: "refused" })
  })
})

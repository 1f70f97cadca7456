import { describe, expect, it } from "vitest"
import { headerValues, readHeaders, readRequest } from "../../src/cli/verifying/captured-request.ts"

const wanted = [
  ["Webhook-Id", "evt_1"],
  ["X-PolicyCortex-Signature", "sha256=ab"],
]

describe("captured headers", () => {
  it.each([
    ["lines", "Webhook-Id: evt_1\nX-PolicyCortex-Signature: sha256=ab\n"],
    ["lines with CR LF and a byte order mark", "\ufeffWebhook-Id: evt_1\r\nX-PolicyCortex-Signature:sha256=ab\r\n"],
    ["a request's head", "POST /hook?a=1 HTTP/1.1\nWebhook-Id: evt_1\nX-PolicyCortex-Signature: sha256=ab"],
    ["what curl -v shows", "> POST /hook HTTP/1.1\n> Webhook-Id: evt_1\n> X-PolicyCortex-Signature: sha256=ab\n>"],
    ["an object", '{"Webhook-Id": "evt_1", "X-PolicyCortex-Signature": ["sha256=ab"]}'],
    ["pairs", '[["Webhook-Id", "evt_1"], ["X-PolicyCortex-Signature", "sha256=ab"]]'],
    ["a logged request", '{"url": "/", "headers": {"Webhook-Id": "evt_1", "X-PolicyCortex-Signature": "sha256=ab"}}'],
  ])("are read from %s", (_form, text) => {
    expect(readHeaders(text)).toEqual(wanted)
  })

  it("are found whatever the case of their names, in CGI's form too", () => {
    const headers = readHeaders('{"HTTP_WEBHOOK_ID": "evt_1", "X-Policycortex-SIGNATURE": "sha256=ab"}')
    expect(headerValues(headers, "webhook-id")).toEqual(["evt_1"])
    expect(headerValues(headers, "x-policycortex-signature")).toEqual(["sha256=ab"])
  })

  it.each(["", "no header at all", '{"webhook-id": ', "[1, 2]", "{}"])(
    "that are none (%j) are a mistake of the caller's",
    (text) => {
      expect(() => readHeaders(text)).toThrow(/headers|request/)
    },
  )
})

describe("a whole request", () => {
  it.each(["\n", "\r\n"])("is split at its first empty line (ends of lines: %j)", (end) => {
    const body = Buffer.from([0x7b, 0x0a, 0x0a, 0x0d, 0x0a, 0x0d, 0x0a, 0xff, 0x7d])
    const head = `POST / HTTP/1.1${end}Webhook-Id: evt_1${end}X-PolicyCortex-Signature: sha256=ab${end}${end}`
    const { headers, body: read } = readRequest(Buffer.concat([Buffer.from(head), body]))
    expect(headers).toEqual(wanted)
    expect(read.equals(body)).toBe(true)
  })

  it("needs that line", () => {
    expect(() => readRequest(Buffer.from("POST / HTTP/1.1\nWebhook-Id: evt_1"))).toThrow(/empty line/)
  })
})

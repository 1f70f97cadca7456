import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { EventStreamParser } from "../../src/http/event-stream-parser.ts"

const parse = (...pieces: string[]) => {
  const parser = new EventStreamParser()
  return pieces.flatMap((piece) => parser.push(piece))
}

describe("a stream of server-sent events", () => {
  it("reads id, event and data of several lines", () => {
    expect(parse("id: 7\nevent: attempt\ndata: {\ndata: }\n\ndata:x\n\n")).toEqual([
      { id: "7", event: "attempt", data: "{\n}" },
      { id: "7", event: "message", data: "x" },
    ])
  })

  it("skips comments, unknown fields and messages without data", () => {
    expect(parse(": keep-alive\n\nevent: x\n\nstrange: y\ndata\n\n")).toEqual([{ id: "", event: "message", data: "" }])
  })

  it("takes one space off a value, not two", () => {
    expect(parse("data:  two\n\n")).toMatchObject([{ data: " two" }])
  })

  it("waits for the end of a message", () => {
    expect(parse("data: half")).toEqual([])
    expect(parse("data: half\n")).toEqual([])
  })

  it("learns how long to wait before reconnecting", () => {
    const parser = new EventStreamParser()
    parser.push("retry: soon\n")
    expect(parser.retryMs).toBeNull()
    parser.push("retry: 1500\n")
    expect(parser.retryMs).toBe(1500)
  })

  it("goes on from the last id of the connection before", () => {
    expect(new EventStreamParser("41").push("data: x\n\n")).toMatchObject([{ id: "41" }])
  })

  it("reads the same however the text is cut and whatever ends its lines", () => {
    const lines = ["id: 1", "data: a", "data: b", "", ": c", "event: e", "data: d", "", ""]
    const whole = parse(lines.join("\n"))
    expect(whole).toHaveLength(2)
    fc.assert(
      fc.property(fc.constantFrom("\n", "\r\n", "\r"), fc.array(fc.nat(60), { maxLength: 8 }), (end, cuts) => {
        // A last line end of CR alone could yet become CR LF, so something has to follow.
        const text = `${lines.join(end)}${end}: end${end}`
        const at = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length]
        expect(parse(...at.slice(1).map((to, index) => text.slice(at[index], to)))).toEqual(whole)
      }),
    )
  })
})

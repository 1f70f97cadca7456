import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { traceContextIn, traceContextOf, traceText } from "../../src/domain/trace-context.ts"

const ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"
const parent = `00-${ids}-01`

describe("a trace's headers", () => {
  it("are read as the specification's own examples have them", () => {
    expect(traceContextOf(parent, "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")).toEqual({
      traceparent: parent,
      tracestate: "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
    })
    expect(traceContextOf(`00-${ids}-00`, undefined)).toEqual({ traceparent: `00-${ids}-00`, tracestate: null })
  })

  it.each([
    [undefined],
    [""],
    ["garbage"],
    [[parent, parent]],
    [`${parent}, ${parent}`],
    [`ff-${ids}-01`],
    [`00-${"0".repeat(32)}-b7ad6b7169203331-01`],
    [`00-0af7651916cd43dd8448eb211c80319c-${"0".repeat(16)}-01`],
    [`00-${ids.toUpperCase()}-01`],
    [`00-${ids}-01-more`],
    [`00-${ids}-0x`],
    [`00-${ids}`],
  ])("that are not valid are as if they had not been sent: %j", (traceparent) => {
    expect(traceContextOf(traceparent, "a=b")).toBeNull()
  })

  it("of a later version are taken by what this one knows of them", () => {
    expect(traceContextOf(`cc-${ids}-01-what-comes-then`, null)?.traceparent).toBe(parent)
    expect(traceContextOf(`00-${ids}-ff`, null)?.traceparent).toBe(`00-${ids}-03`)
  })

  it("keep a state that has room, and lose one that has not, whole", () => {
    const state = (text: string) => traceContextOf(parent, text)?.tracestate
    const exactly = `a=${"x".repeat(510)}`
    expect(state(exactly)).toBe(exactly)
    expect(state(`${exactly}x`)).toBeNull()
    expect(state(Array.from({ length: 33 }, (_, n) => `k${n}=v`).join(","))).toBeNull()
    expect(state("a=b\r\nx-injected: 1")).toBeNull()
    expect(state("a=é")).toBeNull()
    expect(state("")).toBeNull()
  })

  it("are stored as one text and read back as they were, whatever was sent", () => {
    const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`))
    fc.assert(
      fc.property(hex(32), hex(16), fc.constantFrom("00", "01", "03"), fc.string(), (trace, span, flags, state) => {
        const context = traceContextOf(`00-${trace}-${span}-${flags}`, state)
        fc.pre(context !== null)
        expect(traceContextIn(traceText(context))).toEqual(context)
      }),
    )
    expect(traceContextIn("nothing of ours")).toBeNull()
  })
})

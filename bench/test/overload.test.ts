import { describe, expect, it } from "vitest"
import { type OverloadPhase, phaseFigures, phaseSaid } from "../scale/overload-phase.ts"

const phase: OverloadPhase = {
  ...{ name: "one a request", perRequest: 1, connections: 1_000, seconds: 10 },
  ...{ delivers: 1_000, due: 3_000, broken: 0, waitingAtTheEnd: 5, drainSeconds: 1 },
  ...{ accepted: 30_000, refused: 0, withheld: 0 },
}

describe("a phase of overload", () => {
  it("does not take for the server's doing what the generator never sent", () => {
    const slowed = { ...phase, accepted: 10_000, withheld: 20_000 }
    expect(phaseFigures([slowed])).toMatchObject({
      "one a request: withheld by the generator": 20_000,
      "one a request: sent, times what it delivers": 1,
      "one a request: refused (429, 503)": 0,
    })
    expect(phaseSaid(slowed)).toBe(
      "With one a request the generator sent 1.00 times what it delivers and withheld 67 % of what was due, because all of " +
        "its 1000 connections waited for answers; the server refused nothing.",
    )
  })

  it("tells what the server refused of what it was sent", () => {
    const refusing = { ...phase, accepted: 9_000, refused: 21_000 }
    expect(phaseFigures([refusing])).toMatchObject({
      "one a request: withheld by the generator": 0,
      "one a request: sent, times what it delivers": 3,
      "one a request: refused (429, 503)": 21_000,
    })
    expect(phaseSaid(refusing)).toBe(
      "With one a request the generator sent all that was due; the server refused 21,000 events.",
    )
  })

  it("counts a request without a proper answer as sent, with all of its events", () => {
    const broken = { ...phase, perRequest: 50, accepted: 0, broken: 200 }
    expect(phaseFigures([broken])["one a request: sent, times what it delivers"]).toBe(1)
  })
})

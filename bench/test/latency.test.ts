import { describe, expect, it } from "vitest"
import { latencyOf } from "../load/latency.ts"
import type { Answer, Offered } from "../load/publishing.ts"

/** Read at 1,000 ms, after 4 ms. */
function answered(status: number, ...ids: readonly string[]): Answer {
  return { status, atMs: 1_000, tookMs: 4, text: `{"data":[${ids.map((id) => `{"id":"${id}"}`).join(",")}]}` }
}

const load = { eventsPerSecond: 100, perRequest: 1, seconds: 1 }
const none: Offered = { answers: [], withheld: 0, failures: new Map() }

describe("latency", () => {
  const ids = Array.from({ length: 100 }, (_, at) => `evt_${at}`)
  /** The first after 0 ms, the last after 99. */
  const arrivals = new Map(ids.map((id, at) => [id, 1_000 + at]))
  const accepted = ids.map((id) => answered(202, id))

  it("is that of all events, when all arrive", () => {
    expect(latencyOf(load, { ...none, answers: accepted }, arrivals)).toEqual({
      ...{ eventsPerSecond: 100, seconds: 1 },
      ...{ p50Ms: 49, p99Ms: 98, maxMs: 99, acceptP50Ms: 4, acceptP99Ms: 4 },
      ...{ withheld: 0, refused: 0, accepted: 100, arrived: 100 },
    })
  })

  it("is infinite for what a server refuses, which is no way of being quick", () => {
    const refusing = accepted.map((answer, at) => (at % 4 === 0 ? answered(503) : answer))
    const found = latencyOf(load, { ...none, answers: refusing }, arrivals)
    expect(found).toMatchObject({ p99Ms: null, maxMs: null, acceptP50Ms: 4, acceptP99Ms: null })
    expect(found).toMatchObject({ withheld: 0, refused: 25, accepted: 75, arrived: 75 })
    // Of a hundred the fiftieth, of whom 75 arrived.
    expect(found.p50Ms).toBe(66)
  })

  it("is infinite for what was withheld, for requests without an answer, and for what was accepted and never came", () => {
    const withheld = { ...none, answers: accepted, withheld: 2 }
    expect(latencyOf(load, withheld, arrivals)).toMatchObject({ p99Ms: null, withheld: 2, refused: 0, arrived: 100 })
    const broken = { ...none, answers: accepted, failures: new Map([["ECONNRESET", 2]]) }
    expect(latencyOf(load, broken, arrivals)).toMatchObject({ p99Ms: null, refused: 2, accepted: 100 })
    const lost = new Map([...arrivals].slice(2))
    const found = latencyOf(load, { ...none, answers: accepted }, lost)
    expect(found).toMatchObject({ p99Ms: null, accepted: 100, arrived: 98, acceptP99Ms: 4 })
  })

  it("counts a batch by its events", () => {
    const answers = [answered(202, "evt_1", "evt_2"), answered(503)]
    const found = latencyOf({ ...load, perRequest: 2 }, { ...none, answers, withheld: 2 }, arrivals)
    expect(found).toMatchObject({ accepted: 2, arrived: 2, refused: 2, withheld: 2, p50Ms: null, acceptP50Ms: null })
  })

  it("is nobody's when nothing was offered", () => {
    expect(latencyOf(load, none, arrivals)).toMatchObject({ p50Ms: null, p99Ms: null, accepted: 0 })
  })
})

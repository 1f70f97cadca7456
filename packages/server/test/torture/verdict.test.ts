import { describe, expect, it } from "vitest"
import type { ReceivedRequest } from "../receiver.ts"
import { judge, wrongs } from "./verdict.ts"

type Arrival = { readonly path: string; readonly id: string; readonly sequence: number; readonly publisher?: number }

function request({ path, id, sequence, publisher = 0 }: Arrival): ReceivedRequest {
  const headerList = [
    ["webhook-id", id],
    ["webhook-sequence", String(sequence)],
  ] as const
  const text = JSON.stringify({ data: { publisher } })
  return {
    method: "POST",
    path,
    headerList,
    header: (name) => headerList.find(([known]) => known === name)?.[1],
    body: Buffer.from(text),
    text,
    atMs: 0,
    connection: 1,
  }
}

const everywhere = (id: string, sequence: number) =>
  ["/strict", "/by_key", "/none"].map((path) => ({ path, id, sequence }))

/** The verdict on arrivals, of which the receiver took all but those that are named. */
function verdictOn(acknowledged: readonly string[], arrivals: readonly Arrival[], refused: readonly number[] = []) {
  const received = arrivals.map(request)
  const ledger = acknowledged.map((id) => ({ id, publisher: 0, sentMs: 0, acknowledgedMs: 0 }))
  return judge(
    {
      load: { ledger, refusals: new Map(), stop: async () => {} },
      receiver: {
        origin: "",
        port: 0,
        received,
        connections: 1,
        arrived: async () => received,
        reply() {},
        close: async () => {},
      },
      taken: new WeakSet(received.filter((_, index) => !refused.includes(index))),
      errors: () => [],
    },
    true,
    false,
  )
}

describe("the verdict", () => {
  it("is well when all came in order, and a repetition in its place is one", () => {
    const verdict = verdictOn(["a", "b"], [...everywhere("a", 1), ...everywhere("a", 1), ...everywhere("b", 2)])
    expect(verdict).toMatchObject({ acknowledged: 2, arrived: 9, lost: 0, duplicated: 3, outOfOrder: 0, gaps: 0 })
    expect(wrongs(verdict)).toEqual([])
  })

  it("does not count as a repetition what the receiver had refused before", () => {
    const arrivals = [...everywhere("a", 1), ...everywhere("a", 1)]
    expect(verdictOn(["a"], arrivals, [0, 1, 2]).duplicated).toBe(0)
  })

  it("sees what was lost, at one webhook too, and the gap that it leaves", () => {
    const verdict = verdictOn(
      ["a", "b", "c"],
      [...everywhere("a", 1), ...everywhere("c", 3), ...everywhere("b", 2).slice(2)],
    )
    expect(verdict).toMatchObject({ lost: 2, gaps: 2 })
    expect(wrongs(verdict)).toEqual(["2 acknowledged events were lost", "2 sequence numbers never arrived"])
  })

  it("counts as lost what arrived and was refused every time, and its number as one that never arrived", () => {
    const arrivals = [...everywhere("a", 1), ...everywhere("b", 2), ...everywhere("b", 2)]
    const verdict = verdictOn(["a", "b"], arrivals, [3, 4, 5, 6, 7, 8])
    expect(verdict).toMatchObject({ lost: 3, gaps: 3 })
  })

  it("sees what was taken in another order than acknowledged, whatever order it was refused in before", () => {
    const [a, b] = [
      { path: "/strict", id: "a", sequence: 1 },
      { path: "/strict", id: "b", sequence: 2 },
    ]
    expect(verdictOn(["a", "b"], [a, b, a], [0])).toMatchObject({ acknowledgedOutOfOrder: 1, outOfOrder: 1 })
    expect(verdictOn(["a", "b"], [a, a, b], [0])).toMatchObject({ acknowledgedOutOfOrder: 0, outOfOrder: 0 })
  })

  it("sees what came before its turn, where an order is promised", () => {
    const verdict = verdictOn(["a", "b"], [...everywhere("b", 2), ...everywhere("a", 1)])
    // Once over the strict webhook and once over the publisher's key; without an order nothing is amiss.
    expect(verdict).toMatchObject({ lost: 0, outOfOrder: 2, acknowledgedOutOfOrder: 1 })
    expect(wrongs(verdict)).toHaveLength(2)
  })

  it("sees a lane that went back to what was over", () => {
    const arrivals = [...everywhere("a", 1), ...everywhere("b", 2), { path: "/strict", id: "a", sequence: 1 }]
    expect(verdictOn(["a", "b"], arrivals)).toMatchObject({ outOfOrder: 1, duplicated: 1 })
  })

  it("says that nothing happened when nothing did", () => {
    expect(wrongs(verdictOn([], []))).toEqual(["nothing was acknowledged"])
  })
})

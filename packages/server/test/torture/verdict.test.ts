import { describe, expect, it } from "vitest"
import type { ReceivedRequest } from "../receiver.ts"
import { allowance, total } from "./allowance.ts"
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
  )
}

const none = allowance(0, false)

describe("the verdict", () => {
  it("is well when all came in order, and a repetition in its place was allowed", () => {
    const verdict = verdictOn(["a", "b"], [...everywhere("a", 1), ...everywhere("a", 1), ...everywhere("b", 2)])
    expect(verdict).toMatchObject({ acknowledged: 2, arrived: 9, lost: 0, outOfOrder: 0, gaps: 0 })
    expect(verdict.repeats).toEqual({ strict: 1, by_key: 1, none: 1 })
    expect(wrongs(verdict, allowance(1, false))).toEqual([])
  })

  it("does not count as a repetition what the receiver had refused before", () => {
    const arrivals = [...everywhere("a", 1), ...everywhere("a", 1)]
    expect(total(verdictOn(["a"], arrivals, [0, 1, 2]).repeats)).toBe(0)
  })

  it("sees what was lost, at one webhook too, and the gap that it leaves", () => {
    const verdict = verdictOn(
      ["a", "b", "c"],
      [...everywhere("a", 1), ...everywhere("c", 3), ...everywhere("b", 2).slice(2)],
    )
    expect(verdict).toMatchObject({ lost: 2, gaps: 2 })
    expect(wrongs(verdict, none)).toEqual(["2 acknowledged events were lost", "2 sequence numbers never arrived"])
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
    expect(wrongs(verdict, none)).toHaveLength(2)
  })

  it("allows no repetition where nobody took over", () => {
    const verdict = verdictOn(["a"], [...everywhere("a", 1), ...everywhere("a", 1)])
    expect(wrongs(verdict, none)).toEqual([
      "1 came again at strict, where 0 may",
      "1 came again at by_key, where 0 may",
      "1 came again at none, where 0 may",
    ])
  })

  it("allows as many as can have been on their way, and sees a sender that repeats all it has", () => {
    const hundredfold = Array.from({ length: 100 }, () => everywhere("a", 1)).flat()
    expect(wrongs(verdictOn(["a"], hundredfold), allowance(10, false))).toEqual([
      "99 came again at strict, where 10 may",
      "99 came again at by_key, where 40 may",
    ])
    expect(allowance(1, true)).toEqual({
      repeats: { strict: 1, by_key: 4, none: 160 },
      lateRepeats: { strict: 1, by_key: 4, none: 160 },
    })
  })

  it("tells a repetition that comes late, which only a node that others took over from may send, from a broken order", () => {
    const again = { path: "/strict", id: "a", sequence: 1 }
    const verdict = verdictOn(["a", "b"], [...everywhere("a", 1), ...everywhere("b", 2), again])
    expect(verdict).toMatchObject({ outOfOrder: 0, lateRepeats: { strict: 1, by_key: 0, none: 0 } })
    expect(wrongs(verdict, allowance(1, true))).toEqual([])
    expect(wrongs(verdict, allowance(1, false))).toEqual(["1 came again after later ones at strict, where 0 may"])
  })

  it("takes for a broken order what comes late and was only refused before", () => {
    const again = { path: "/strict", id: "a", sequence: 1 }
    const verdict = verdictOn(["a", "b"], [...everywhere("a", 1), ...everywhere("b", 2), again], [0])
    expect(verdict).toMatchObject({ outOfOrder: 1, lateRepeats: { strict: 0 } })
  })

  it("says that nothing happened when nothing did", () => {
    expect(wrongs(verdictOn([], []), none)).toEqual(["nothing was acknowledged"])
  })
})

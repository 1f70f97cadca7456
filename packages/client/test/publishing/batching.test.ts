import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { batching, type Publication, type Receipt, TocsinProblem } from "../../src/index.ts"
import { failureOf } from "../http/scripted-server.ts"

function refusal(status: number, detail: string): TocsinProblem {
  return new TocsinProblem({
    status,
    code: "x",
    title: "x",
    detail,
    errors: [],
    requestId: null,
    retryAfterSeconds: null,
  })
}

/** Accepts everything but types that begin with "bad"; all or none, as the server does. */
function events(options: { failing?: () => Error | null } = {}) {
  const requests: string[][] = []
  const sent: Publication[] = []
  const accept = async (publications: readonly Publication[]): Promise<readonly Receipt[]> => {
    requests.push(publications.map(({ type }) => type))
    sent.push(...publications)
    const failure = options.failing?.() ?? null
    if (failure !== null) throw failure
    const bad = publications.find(({ type }) => type.startsWith("bad"))
    if (bad !== undefined) throw refusal(422, bad.type)
    return publications.map(({ type }) => ({ id: `evt_${type}`, type, created: "", duplicate: false, deliveries: 1 }))
  }
  return {
    requests,
    sent,
    publishBatch: accept,
    publish: async (publication: Publication) => {
      const [receipt] = await accept([publication])
      if (receipt === undefined) throw new Error("no receipt")
      return receipt
    },
  }
}

const event = (type: string): Publication => ({ type, data: {} })

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe("batching", () => {
  it("sends when the first event has waited its time", async () => {
    const api = events()
    const { publish } = batching(api, { maxWaitMs: 20 })
    const first = publish(event("a"))
    await vi.advanceTimersByTimeAsync(15)
    const second = publish(event("b"))
    expect(api.requests).toEqual([])
    await vi.advanceTimersByTimeAsync(5)
    expect(api.requests).toEqual([["a", "b"]])
    expect([(await first).id, (await second).id]).toEqual(["evt_a", "evt_b"])
  })

  it("sends at once when a batch is full, and gathers the next", async () => {
    const api = events()
    const { publish, flush } = batching(api, { maxEvents: 2 })
    const published = ["a", "b", "c"].map((type) => publish(event(type)))
    await Promise.all(published.slice(0, 2))
    expect(api.requests).toEqual([["a", "b"]])
    await flush()
    expect(api.requests).toEqual([["a", "b"], ["c"]])
    expect((await Promise.all(published)).map(({ id }) => id)).toEqual(["evt_a", "evt_b", "evt_c"])
  })

  it("sends before a batch would grow too large", async () => {
    const api = events()
    const { publish, flush } = batching(api, { maxBytes: 700 })
    for (const type of ["a", "b", "c"]) void publish({ type, data: { text: "ü".repeat(200) } })
    await flush()
    expect(api.requests).toEqual([["a"], ["b"], ["c"]])
  })

  it("sends one batch after the other, so that the order is kept", async () => {
    const order: string[] = []
    const gate = Promise.withResolvers<void>()
    const api = events()
    const slow = {
      ...api,
      publishBatch: async (publications: readonly Publication[]) => {
        order.push(`begin ${publications[0]?.type}`)
        if (order.length === 1) await gate.promise
        const receipts = await api.publishBatch(publications)
        order.push(`end ${publications[0]?.type}`)
        return receipts
      },
    }
    const { publish, flush } = batching(slow, { maxEvents: 2 })
    const published = ["a", "b", "c", "d"].map((type) => publish(event(type)))
    await vi.advanceTimersByTimeAsync(100)
    expect(order).toEqual(["begin a"])
    gate.resolve()
    await flush()
    await Promise.all(published)
    expect(order).toEqual(["begin a", "end a", "begin c", "end c"])
  })

  it("lets a bad event fail alone: the others are published, in order, under the keys they had", async () => {
    const api = events()
    const { publish, flush } = batching(api, { maxEvents: 1000 })
    const outcomes = new Map<string, string>()
    for (const type of ["a", "b", "bad1", "c", "d", "bad2", "e", "f"]) {
      publish(event(type)).then(
        ({ id }) => outcomes.set(type, id),
        (failure: TocsinProblem) => outcomes.set(type, `refused: ${failure.detail}`),
      )
    }
    await flush()
    expect(Object.fromEntries(outcomes)).toEqual({
      a: "evt_a",
      b: "evt_b",
      bad1: "refused: bad1",
      c: "evt_c",
      d: "evt_d",
      bad2: "refused: bad2",
      e: "evt_e",
      f: "evt_f",
    })
    const accepted = api.requests.filter((types) => !types.some((type) => type.startsWith("bad"))).flat()
    expect(accepted).toEqual(["a", "b", "c", "d", "e", "f"])
    const keysOfA = new Set(api.sent.filter(({ type }) => type === "a").map((sent) => sent.idempotency_key))
    expect([...keysOfA]).toEqual([expect.stringMatching(/^idm_/)])
  })

  it.each([refusal(401, "the key is unknown"), refusal(503, "away"), new Error("network")])(
    "tells everyone of a failure that is nobody's own, once: %s",
    async (failure) => {
      const api = events({ failing: () => failure })
      const { publish, flush } = batching(api)
      const outcomes = [failureOf(publish(event("a"))), failureOf(publish(event("b")))]
      await flush()
      expect(await Promise.all(outcomes)).toEqual([failure, failure])
      expect(api.requests).toHaveLength(1)
    },
  )

  it("goes on after a failed batch", async () => {
    let failure: Error | null = new Error("network")
    const api = events({ failing: () => failure })
    const { publish, flush } = batching(api)
    const lost = failureOf(publish(event("a")))
    await flush()
    expect(await lost).toBe(failure)
    failure = null
    const kept = publish(event("b"))
    await flush()
    expect((await kept).id).toBe("evt_b")
  })

  it("publishes what was given, whatever becomes of the object afterwards", async () => {
    const api = events()
    const { publish, flush } = batching(api)
    const data = { n: 1 }
    void publish({ type: "a", data })
    data.n = 2
    await flush()
    expect(api.sent.map(({ dataText }) => dataText)).toEqual(['{"n":1}'])
  })

  it("refuses what is no event at once, and keeps it out of the batch", async () => {
    const api = events()
    const { publish, flush } = batching(api)
    const good = publish(event("a"))
    await expect(publish({ type: "b", dataText: "{" })).rejects.toThrow(TypeError)
    await expect(publish({ type: "c", data: { big: 1n } })).rejects.toThrow(/dataText/)
    await flush()
    expect((await good).id).toBe("evt_a")
    expect(api.requests).toEqual([["a"]])
  })

  it("has nothing to flush at first, and refuses batches that the server would", async () => {
    await batching(events()).flush()
    for (const maxEvents of [0, 1001, 1.5]) expect(() => batching(events(), { maxEvents })).toThrow(RangeError)
  })
})

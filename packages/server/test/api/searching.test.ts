import { describe, expect, it } from "vitest"
import { list, object, type RunningApi, runApi, violationEvent } from "./running-api.ts"

/** An API whose store takes its time with searches: each goes on when it is told to. */
async function runSlowly() {
  const begun: { readonly text: string; readonly signal: AbortSignal | undefined; readonly goOn: () => void }[] = []
  let noticed = () => {}
  const api = await runApi({
    wrapStore: (store) => ({
      ...store,
      events: async (workspaceId, filter, page, signal) => {
        if (filter.text !== undefined) {
          const { promise, resolve } = Promise.withResolvers<void>()
          begun.push({ text: filter.text, signal, goOn: resolve })
          noticed()
          await promise
        }
        return store.events(workspaceId, filter, page, signal)
      },
    }),
  })
  async function haveBegun(count: number): Promise<readonly string[]> {
    while (begun.length < count) await new Promise<void>((resolve) => (noticed = resolve))
    return begun.map((search) => search.text)
  }
  return { ...api, begun, haveBegun }
}

function search({ call }: Pick<RunningApi, "call">, key: string, sought: string | number) {
  return call("GET", `/v1/events?text=${sought}`, { key })
}

describe("searches", () => {
  it("of one workspace wait for each other in their order, and nobody else for them", async () => {
    const api = await runSlowly()
    const [ours, theirs] = [await api.workspaceKey(), await api.workspaceKey()]
    for (const key of [ours, theirs]) await api.call("POST", "/v1/events", { key, body: violationEvent })
    const answered: number[] = []
    const searches = Array.from({ length: 22 }, async (_, index) => {
      const answer = await search(api, ours, index)
      answered.push(index)
      return answer.status
    })
    expect(await api.haveBegun(2)).toEqual(["0", "1"])

    expect(list(await api.call("GET", "/v1/events", { key: theirs }))).toHaveLength(1)
    const theirSearch = search(api, theirs, "theirs")
    expect(await api.haveBegun(3)).toEqual(["0", "1", "theirs"])
    api.begun[2]?.goOn()
    expect((await theirSearch).status).toBe(200)
    // Nor what is found without going through the history.
    expect(list(await api.call("GET", "/v1/events", { key: ours }))).toHaveLength(1)
    expect(list(await api.call("GET", "/v1/deliveries?webhook_id=wh_1", { key: ours }))).toEqual([])
    expect(answered).toEqual([])
    expect(api.begun).toHaveLength(3)

    // The last to begin is one place before the last to be answered.
    const order = [...Array(22).keys()]
    for (const index of order) {
      const begun = await api.haveBegun(Math.min(index + 3, 23))
      expect(begun.filter((sought) => sought !== "theirs")).toEqual(order.slice(0, index + 2).map(String))
      api.begun.find((each) => each.text === String(index))?.goOn()
      await searches[index]
    }
    expect(answered).toEqual(order)
    expect(await Promise.all(searches)).toEqual(order.map(() => 200))
  })

  it("beyond what may wait are refused until one has ended, those of deliveries and long statistics as well", async () => {
    const api = await runSlowly()
    const [ours, theirs] = [await api.workspaceKey(), await api.workspaceKey()]
    const stats = `/v1/webhooks/${(await api.webhook(ours)).id}/stats?window=`
    const searches = Array.from({ length: 22 }, (_, index) => search(api, ours, index))
    await api.haveBegun(2)
    for (const url of ["/v1/events?text=x", "/v1/deliveries?status=pending", `${stats}25h`]) {
      const refused = await api.call("GET", url, { key: ours })
      expect(refused).toMatchObject({ status: 429, json: { code: "rate_limited" } })
      expect(refused.json.detail).toMatch(/2 searches under way and 20 waiting/)
      expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0)
    }
    expect((await api.call("GET", "/v1/deliveries?status=pending", { key: theirs })).status).toBe(200)
    expect((await api.call("GET", `${stats}24h`, { key: ours })).status).toBe(200)

    api.begun[0]?.goOn()
    await searches[0]
    const again = search(api, ours, "again")
    for (let index = 1; index < 23; index++) {
      await api.haveBegun(index + 1)
      api.begun[index]?.goOn()
    }
    expect((await again).status).toBe(200)
    expect(api.begun.at(-1)?.text).toBe("again")
    await Promise.all(searches)
  })

  it("end with their clients: those under way between two reads, those that wait at once", async () => {
    const api = await runSlowly()
    const key = await api.workspaceKey()
    const base = await api.app.listen({ host: "127.0.0.1", port: 0 })
    let arrived = 0
    api.app.server.on("request", () => arrived++)
    const gone = new AbortController()
    const ask = (sought: string, signal: AbortSignal | null) =>
      fetch(`${base}/v1/events?text=${sought}`, { headers: { authorization: `Bearer ${key}` }, signal })
    const given = ["a", "b"].map((sought) => expect(ask(sought, gone.signal)).rejects.toThrow())
    expect((await api.haveBegun(2)).toSorted()).toEqual(["a", "b"])
    const waiting = Array.from({ length: 20 }, (_, index) =>
      expect(ask(`waiting${index}`, gone.signal)).rejects.toThrow(),
    )
    await expect.poll(() => arrived).toBe(22)
    expect((await search(api, key, "late")).status).toBe(429)
    const [first, second] = api.begun
    gone.abort()
    await Promise.all([...given, ...waiting])
    await expect.poll(() => [first?.signal?.aborted, second?.signal?.aborted]).toEqual([true, true])
    first?.goOn()
    second?.goOn()

    // Places and queue are free again, and whoever stays is answered.
    const stays = ask("stays", null)
    await api.haveBegun(3)
    expect(api.begun.map((each) => each.text)).toContain("stays")
    expect(api.begun[2]?.signal?.aborted).toBe(false)
    api.begun[2]?.goOn()
    const answer = await stays
    expect([answer.status, object(await answer.json()).data]).toEqual([200, []])
  })
})

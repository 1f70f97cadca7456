import { describe, expect, expectTypeOf, it } from "vitest"
import { type ProblemCode, Tocsin, TocsinProblem, TocsinUnreachable } from "../../src/index.ts"
import { failureOf, hangUp, json, problem, scriptedServer } from "./scripted-server.ts"

const webhook = { id: "wh_1", url: "https://example.com" }

describe("a request", () => {
  it("carries the key and asks for JSON; a path before /v1 is kept", async () => {
    const { baseUrl, seen } = await scriptedServer(json(200, webhook))
    expect(await new Tocsin({ baseUrl: `${baseUrl}/hooks/`, apiKey: "tk_1" }).webhooks.get("wh_1")).toEqual(webhook)
    expect(seen).toMatchObject([
      { method: "GET", url: "/hooks/v1/webhooks/wh_1", headers: { authorization: "Bearer tk_1" } },
    ])
    expect(seen[0]?.headers.accept).toContain("application/json")
    expect(seen[0]?.headers["content-type"]).toBeUndefined()
  })

  it("goes with a session in place of a key, through the fetch that it is given", async () => {
    const inits: RequestInit[] = []
    const tocsin = new Tocsin({
      baseUrl: "http://127.0.0.1:9",
      credentials: "same-origin",
      headers: { "x-csrf": "1" },
      fetch: async (_input, init) => {
        inits.push(init ?? {})
        return Response.json(webhook)
      },
    })
    await tocsin.webhooks.get("wh_1")
    expect(inits).toMatchObject([{ credentials: "same-origin", headers: { "x-csrf": "1" } }])
    expect(inits[0]?.headers).not.toHaveProperty("authorization")
  })

  it("encodes ids, and refuses those that would be another path", async () => {
    const { client, seen } = await scriptedServer(json(200, webhook))
    await client().webhooks.get("a/b?c#d")
    expect(seen[0]?.url).toBe("/v1/webhooks/a%2Fb%3Fc%23d")
    for (const id of ["", ".", ".."]) expect(() => client().webhooks.get(id)).toThrow(TypeError)
    expect(seen).toHaveLength(1)
  })

  it("is refused early when no request could ever be made", () => {
    expect(() => new Tocsin({ baseUrl: "hooks.example.com" })).toThrow(TypeError)
    expect(() => new Tocsin({ baseUrl: "https://hooks.example.com", apiKey: "tk\n1" })).toThrow(TypeError)
  })

  it("does not follow a redirect, which would take the key along", async () => {
    const { client, seen } = await scriptedServer((response) => {
      response.writeHead(302, { location: "/v1/elsewhere" }).end()
    })
    expect(await failureOf(client().webhooks.get("wh_1"))).toMatchObject({ code: "unexpected_response", status: 302 })
    expect(seen).toHaveLength(1)
  })
})

describe("a refusal", () => {
  it("is a typed problem with all that the server said", async () => {
    const errors = [{ pointer: "/url", detail: "must be https" }]
    const { client } = await scriptedServer(problem(422, "validation_failed", { errors }))
    const failure = await failureOf(client().webhooks.create({ url: "http://x", events: ["*"] }))
    expect(failure).toBeInstanceOf(TocsinProblem)
    expect(failure).toMatchObject({
      name: "TocsinProblem",
      status: 422,
      code: "validation_failed",
      detail: "Do this.",
      errors,
      requestId: "req_1",
      retryAfterSeconds: null,
    })
    expect(String(failure)).toContain("/url: must be https")
  })

  it("has codes that an editor can list", () => {
    expectTypeOf<"idempotency_conflict">().toExtend<ProblemCode>()
    expectTypeOf<"no_such_code">().not.toExtend<ProblemCode>()
    expectTypeOf<ProblemCode>().toExtend<TocsinProblem["code"]>()
  })

  it.each([
    [404, "<html>not here</html>"],
    [500, ""],
    [400, "[]"],
    [400, '{"code":5}'],
  ])("by something other than Tocsin (%i %s) is said to be that", async (status, text) => {
    const { client } = await scriptedServer((response) => response.writeHead(status).end(text))
    expect(await failureOf(client().webhooks.get("wh_1"))).toMatchObject({ code: "unexpected_response", status })
  })

  it("is also an answer that is no JSON object, such as a proxy's login page", async () => {
    for (const text of ["<html>", "[]", "", '"x"']) {
      const { client } = await scriptedServer((response) => response.end(text))
      expect(await failureOf(client().webhooks.get("wh_1"))).toMatchObject({ code: "unexpected_response", status: 200 })
    }
  })

  it("drops what is no flaw from errors, whoever put it there", async () => {
    const errors = [null, 5, { pointer: 1 }, { pointer: "/a", detail: "b" }]
    const { client } = await scriptedServer(problem(422, "validation_failed", { errors }))
    expect(await failureOf(client().webhooks.get("wh_1"))).toMatchObject({ errors: [{ pointer: "/a", detail: "b" }] })
  })

  it("tells how long to wait, given in seconds or as a date", async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toUTCString()
    for (const [header, least, most] of [
      ["120", 120, 120],
      [inAnHour, 3590, 3600],
    ] as const) {
      const { client } = await scriptedServer(problem(429, "rate_limited", {}, { "retry-after": header }))
      const failure = await failureOf(client().webhooks.get("wh_1"))
      if (!(failure instanceof TocsinProblem)) throw failure
      expect(failure.retryAfterSeconds).toBeGreaterThanOrEqual(least)
      expect(failure.retryAfterSeconds).toBeLessThanOrEqual(most)
    }
  })
})

describe("what may pass", () => {
  const away = problem(503, "store_unavailable")

  it("is tried again: a read that meets 429, 503 and a closed connection gets its answer", async () => {
    const { client, seen } = await scriptedServer(problem(429, "rate_limited"), away, hangUp, json(200, webhook))
    expect(await client().webhooks.get("wh_1")).toEqual(webhook)
    expect(seen).toHaveLength(4)
  })

  it("is given up after the retries, with the last failure", async () => {
    const { client, seen } = await scriptedServer(away)
    expect(await failureOf(client({ retries: { retries: 2, firstDelayMs: 1 } }).webhooks.get("wh_1"))).toMatchObject({
      code: "store_unavailable",
    })
    expect(seen).toHaveLength(3)
  })

  it("is not tried again where that could do something twice", async () => {
    for (const failing of [away, hangUp]) {
      const { client, seen } = await scriptedServer(failing, json(200, webhook))
      const failure = await failureOf(client().webhooks.create({ url: "https://example.com", events: ["*"] }))
      expect(failure).toBeInstanceOf(failing === hangUp ? TocsinUnreachable : TocsinProblem)
      expect(seen).toHaveLength(1)
    }
  })

  it("is tried again even there when the server did nothing, as 429 says", async () => {
    const { client, seen } = await scriptedServer(problem(429, "rate_limited"), json(201, webhook))
    expect(await client().webhooks.create({ url: "https://example.com", events: ["*"] })).toEqual(webhook)
    expect(seen).toHaveLength(2)
  })
})

describe("an abort", () => {
  it("ends the try under way with the caller's own reason", async () => {
    const reason = new Error("enough")
    const stop = new AbortController()
    const { client, seen } = await scriptedServer(() => stop.abort(reason))
    expect(await failureOf(client().webhooks.get("wh_1", { signal: stop.signal }))).toBe(reason)
    expect(seen).toHaveLength(1)
  })

  it("ends the wait for the next try", async () => {
    const reason = new Error("enough")
    const stop = new AbortController()
    let tries = 0
    const tocsin = new Tocsin({
      baseUrl: "http://127.0.0.1:9",
      retries: { firstDelayMs: 600_000, longestDelayMs: 600_000 },
      fetch: async () => {
        tries++
        // The answer is read in microtasks, so by then the wait has begun.
        setTimeout(() => stop.abort(reason), 20)
        return new Response("", { status: 503 })
      },
    })
    expect(await failureOf(tocsin.webhooks.get("wh_1", { signal: stop.signal }))).toBe(reason)
    expect(tries).toBe(1)
  })

  it("comes by itself when the server never answers", async () => {
    const { client } = await scriptedServer(() => {})
    const failure = await failureOf(client({ timeoutMs: 30, retries: 0 }).webhooks.get("wh_1"))
    expect(failure).toBeInstanceOf(TocsinUnreachable)
    expect(failure).toMatchObject({ message: expect.stringContaining("30 ms") })
  })
})

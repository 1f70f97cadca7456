import express from "express"
import fastify from "fastify"
import { Hono } from "hono"
import { describe, expect, it, onTestFinished } from "vitest"
import { type PolicyCortexEvent, verifyPolicyCortex } from "../../src/index.ts"
import { expressReceiver } from "../../src/middleware/express.ts"
import { fastifyReceiver } from "../../src/middleware/fastify.ts"
import { fetchReceiver } from "../../src/middleware/fetch.ts"
import { honoReceiver } from "../../src/middleware/hono.ts"
import type { HandleEvent, ReceiverOptions } from "../../src/middleware/receiver.ts"
import { bodies, nowMs, secret, signedHeaders } from "../receiving/signed-message.ts"
import { listening } from "./listening.ts"

type Handle = HandleEvent<PolicyCortexEvent>
type Post = (body: string, headers: Record<string, string>) => Promise<Response>
type Mount = (options: ReceiverOptions, handle: Handle) => Promise<Post>

const postTo =
  (url: string): Post =>
  (body, headers) =>
    fetch(url, { method: "POST", body, headers: { "content-type": "application/json", ...headers } })

const expressWith =
  (...before: express.RequestHandler[]): Mount =>
  async (options, handle) => {
    const app = express()
    for (const each of before) app.use(each)
    app.post("/hook", expressReceiver(verifyPolicyCortex, options, handle))
    app.use(((_failure, _request, response, _next) => {
      response.status(500).send("failed")
    }) satisfies express.ErrorRequestHandler)
    return postTo(`${await listening(app)}/hook`)
  }

const mounts: Record<string, Mount> = {
  "Express, nothing before it": expressWith(),
  "Express after express.raw()": expressWith(express.raw({ type: "application/json" })),
  "Express after express.text()": expressWith(express.text({ type: "application/json" })),
  "Express after a parser of other types": expressWith(express.urlencoded()),
  Fastify: async (options, handle) => {
    const app = fastify()
    app.post("/json", async ({ body }) => body)
    app.register(fastifyReceiver(verifyPolicyCortex, { ...options, path: "/hook" }, handle))
    const origin = await app.listen({ host: "127.0.0.1", port: 0 })
    onTestFinished(() => app.close())
    const other = await fetch(`${origin}/json`, {
      method: "POST",
      body: '{"still":"parsed"}',
      headers: { "content-type": "application/json" },
    })
    expect(await other.json()).toEqual({ still: "parsed" })
    return postTo(`${origin}/hook`)
  },
  "a fetch handler": async (options, handle) => {
    const answer = fetchReceiver(verifyPolicyCortex, options, handle)
    return answering(answer)
  },
  Hono: async (options, handle) => {
    const app = new Hono()
    app.post("/hook", honoReceiver(verifyPolicyCortex, options, handle))
    app.onError((_failure, context) => context.text("failed", 500))
    return answering(async (request) => app.fetch(request))
  },
  "Hono behind middleware of its own": async (options, handle) => {
    const app = new Hono<{ Variables: { tenant: string } }>()
    app.use(async (context, next) => {
      context.set("tenant", "acme")
      await next()
    })
    app.post("/:tenant/hook", honoReceiver(verifyPolicyCortex, options, handle))
    const inner = new Hono().route("/", app)
    inner.onError((_failure, context) => context.text("failed", 500))
    return answering(async (request) => inner.fetch(new Request(request.url.replace("/hook", "/acme/hook"), request)))
  },
}

/** As a runtime does: what a handler throws becomes a 500. */
function answering(answer: (request: Request) => Promise<Response>): Post {
  return (body, headers) =>
    answer(new Request("http://receiver.test/hook", { method: "POST", body, headers })).catch(
      () => new Response("failed", { status: 500 }),
    )
}

const body = bodies.policycortex
const sent = { ...signedHeaders(body), "x-policycortex-attempt": "2", "x-policycortex-test": "true" }

describe.each(Object.entries(mounts))("a receiver in %s", (_name, mount) => {
  it("hands over a verified event once, and answers 200", async () => {
    const handled: unknown[] = []
    const post = await mount({ secret, nowMs }, (event, delivery) => {
      if (event.type === "scan.completed") handled.push(event.data.scan.id, delivery)
    })
    const response = await post(body, sent)
    expect([response.status, await response.text()]).toEqual([200, "OK"])
    expect(handled).toEqual(["scan_1", { id: null, attempt: 2, sequence: null, test: true }])
  })

  it("refuses a changed body and a stranger, tells the log, and hands over nothing", async () => {
    const handled: unknown[] = []
    const refused: string[] = []
    const options = { secret, nowMs, onRefused: ({ code }: { code: string }) => refused.push(code) }
    const post = await mount(options, (event) => handled.push(event))
    const changed = await post(body.replace("scan_1", "scan_2"), sent)
    expect([changed.status, await changed.text()]).toEqual([401, "signature_mismatch"])
    expect((await post(body, {})).status).toBe(401)
    expect(refused).toEqual(["signature_mismatch", "header_missing"])
    expect(handled).toEqual([])
  })

  it("lets the framework answer when the handler fails, so that the sender tries again", async () => {
    const post = await mount({ secret, nowMs }, async () => {
      throw new Error("the queue is down")
    })
    expect((await post(body, sent)).status).toBe(500)
  })

  it("does not collect a body that is no delivery's", async () => {
    const handled: unknown[] = []
    const post = await mount({ secret, nowMs }, (event) => handled.push(event))
    // Without reading on: the sender may find its connection closed before the answer.
    const status = await post("x".repeat(2 * 1024 * 1024), sent).then(
      (response) => response.status,
      () => "closed",
    )
    // 500: express.raw() has a smaller limit of its own, which this application's error handler answers.
    expect([413, 500, "closed"]).toContain(status)
    expect(handled).toEqual([])
  })
})

it("after express.json() the developer is told what to change", async () => {
  const messages: string[] = []
  const options = { secret, nowMs, onRefused: ({ message }: Error) => messages.push(message) }
  const post = await expressWith(express.json())(options, () => {})
  expect((await post(body, sent)).status).toBe(500)
  expect(messages).toEqual([expect.stringContaining("express.raw")])
})

it("a fetch handler takes POST only, and no request that was read before", async () => {
  const answer = fetchReceiver(verifyPolicyCortex, { secret, nowMs }, () => {})
  expect((await answer(new Request("http://receiver.test/"))).status).toBe(405)
  const read = new Request("http://receiver.test/", { method: "POST", body, headers: sent })
  await read.json()
  expect((await answer(read)).status).toBe(500)
})

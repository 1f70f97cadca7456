import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { TLSSocket } from "node:tls"
import { describe, expect, test } from "vitest"
import { attemptIn } from "../../src/domain/attempt-detail.ts"
import type { WebhookTls } from "../../src/domain/webhook.ts"
import type { Posted } from "../../src/ports/poster.ts"
import { socketsPerOriginMax } from "../../src/ports/sender.ts"
import { Posting } from "../../src/posting/posting.ts"
import { openThreadedPoster } from "../../src/posting/thread/threaded-poster.ts"
import { parseAllowedTargets } from "../../src/send/allowed-targets.ts"
import { openSender } from "../../src/send/undici-sender.ts"
import { systemClock } from "../../src/system/system-clock.ts"
import { kept } from "../kept.ts"
import { openReceiver, unusedPort } from "../receiver.ts"
import { postTo, threadedPoster } from "./posters.ts"

const timing = new Set(["date", "webhook-timestamp", "webhook-signature"])

/** All but how long it took, and when. */
function comparable({ attempt: recorded, verdict }: Posted): unknown {
  const { atMs: _at, durationMs: _duration, requestHeaders, responseHeaders, ...attempt } = attemptIn(recorded)
  const names = [requestHeaders, responseHeaders].map((headers) =>
    headers.map(([name, value]) => (timing.has(name) ? [name] : [name, value])),
  )
  return { verdict, attempt, names, error: recorded.error }
}

function codeOf({ attempt, verdict }: Posted): string | number | null {
  return verdict.delivered ? attempt.statusCode : verdict.error.code
}

describe("what crosses to the thread and back", () => {
  test("is the same as without a thread, whatever comes of it", async () => {
    const target = kept(
      await openReceiver({
        replies: [
          (request, response) => {
            if (request.path === "/silent") return
            if (request.path === "/long") response.end("x".repeat(300 * 1024))
            else if (request.path === "/later") response.writeHead(503, { "retry-after": "7" }).end()
            else
              response
                .writeHead(request.path === "/gone" ? 410 : 200, ["x-twice", "a", "x-twice", "é"])
                .end(`${request.text} as ${request.header("x-of-ours")}, ${request.header("traceparent")} \u{1f514}`)
          },
        ],
      }),
    )
    const trace = { traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`, tracestate: "of=ours" }
    const secrets = {
      current: "whsec_c2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2g=",
      previous: { secret: "old", untilMs: 9e15 },
    }
    const posts = [
      postTo(`${target.origin}/ok`, { headers: { "x-of-ours": "yes", "x-token": "hidden-token" } }, { trace }),
      postTo(`${target.origin}/ok`, {}, { body: JSON.stringify({ text: "ÄÖÜ \u{1f514}".repeat(100) }), attempt: 15 }),
      postTo(`${target.origin}/ok`, { secrets }, { sequence: null, test: true, trace: { ...trace, tracestate: null } }),
      postTo(`${target.origin}/gone`, {}, { body: "" }),
      postTo(`${target.origin}/later`),
      postTo(`${target.origin}/silent`, { timeoutSeconds: 1 }),
      postTo(`${target.origin}/long`),
      postTo(`http://127.0.0.1:${await unusedPort()}/refused`),
      postTo("http://127.9.0.1/denied"),
      postTo("https://10.1.2.3/private"),
      postTo("no URL at all"),
    ]
    const sender = openSender({
      allowedTargets: parseAllowedTargets("127.0.0.0/8"),
      deniedTargets: parseAllowedTargets("127.9.0.0/16"),
    })
    const direct = kept(new Posting(sender, systemClock))
    const through = threadedPoster()
    const [expected, found] = await Promise.all(
      [direct, through].map((poster) => Promise.all(posts.map((post) => poster.post(...post)))),
    )
    expect(found?.map(comparable)).toEqual(expected?.map(comparable))
    expect(found?.map(codeOf)).toEqual([
      200,
      200,
      200,
      "gone",
      "non_2xx",
      "timeout",
      "response_too_large",
      "connection_refused",
      "blocked_address",
      "blocked_address",
      "blocked_address",
    ])
    expect(found?.[4]?.verdict).toMatchObject({ failure: { retryAfterMs: 7_000 } })
    expect(found?.[5]?.attempt.durationMs).toBeGreaterThanOrEqual(999)
  })

  test("comes back to whoever posted it, hundreds at a time and in any order", async () => {
    const target = kept(
      await openReceiver({
        replies: [
          async (request, response) => {
            await sleep(Number(request.text) % 7)
            response.end(request.text)
          },
        ],
      }),
    )
    const through = threadedPoster()
    const bodies = Array.from({ length: 500 }, (_, number) => String(number))
    const all = await Promise.all(bodies.map((body) => through.post(...postTo(`${target.origin}/echo`, {}, { body }))))
    expect(all.map(({ attempt }) => attemptIn(attempt).responseBody)).toEqual(bodies)
  })

  test("includes the certificates of one webhook and not of another", async () => {
    const pem = (file: string) => readFileSync(new URL(`../fixtures/tls/${file}`, import.meta.url), "utf8")
    const target = kept(
      await openReceiver({
        tls: {
          key: pem("receiver.key"),
          cert: pem("receiver.crt"),
          ca: pem("private-authority.crt"),
          requestCert: true,
          rejectUnauthorized: false,
        },
        replies: [
          (_request, response) => {
            const { socket } = response
            response.end(String(socket instanceof TLSSocket && socket.authorized))
          },
        ],
      }),
    )
    const tls = (client: WebhookTls["client"]): WebhookTls => ({ client, authority: pem("authority.crt") })
    const identified = tls({ certificate: pem("client.crt"), key: pem("client.key") })
    const through = threadedPoster()
    const url = `https://127.0.0.1:${target.port}/hook`
    const told: unknown[] = []
    for (const wish of [identified, tls(null), identified, null]) {
      const posted = await through.post(...postTo(url, { tls: wish }))
      told.push(posted.verdict.delivered ? attemptIn(posted.attempt).responseBody : codeOf(posted))
    }
    expect(told).toEqual(["true", "false", "true", "tls_untrusted"])
  })

  test("is what a webhook's settings are when the post begins, however long it has waited", async () => {
    const answer = Promise.withResolvers<void>()
    const allTaken = Promise.withResolvers<void>()
    const target = kept(
      await openReceiver({
        replies: [
          async (request, response) => {
            if (request.path === "/slow" && target.received.length === socketsPerOriginMax) allTaken.resolve()
            await answer.promise
            response.end()
          },
        ],
      }),
    )
    const through = threadedPoster()
    const [webhook, profile, post] = postTo(`${target.origin}/old`, { secrets: { current: "old-one", previous: null } })
    const slow = Array.from({ length: socketsPerOriginMax }, () => through.post(...postTo(`${target.origin}/slow`)))
    const waiting = through.post(webhook, profile, post)
    await allTaken.promise
    const changed = { ...webhook, url: `${target.origin}/new`, headers: { "x-changed": "yes" } }
    through.changed(changed)
    // Answered once the thread has heard that.
    await through.refusal(target.origin)
    // A test does not wait for the others.
    const tested = through.post(changed, profile, { ...post, test: true, sequence: null })
    answer.resolve()
    await Promise.all([...slow, waiting, tested])
    const seen = target.received
      .slice(socketsPerOriginMax)
      .map(({ path, header }) => [path, header("x-changed") ?? null])
    expect(seen).toEqual([
      ["/new", "yes"],
      ["/new", "yes"],
    ])
    await through.post(changed, "cybervault", post)
    expect(target.received.at(-1)?.header("x-policycortex-attempt")).toBeUndefined()
    through.changed({ ...changed, deletedMs: 1 })
    expect(codeOf(await through.post(changed, profile, post))).toBe(200)
  })
})

test("posts that find all of an origin's places taken wait, without their deadlines, and hold up no other origin", async () => {
  const more = 40
  let waiting: (() => void)[] = []
  const allTaken = Promise.withResolvers<void>()
  const target = kept(
    await openReceiver({
      replies: [
        async (_request, response) => {
          await new Promise<void>((go) => {
            waiting.push(go)
            if (waiting.length === socketsPerOriginMax) allTaken.resolve()
          })
          response.end()
        },
      ],
    }),
  )
  const other = kept(await openReceiver())
  const through = threadedPoster()
  const startedMs = performance.now()
  const all = Array.from({ length: socketsPerOriginMax + more }, () =>
    through.post(...postTo(`${target.origin}/slow`, { timeoutSeconds: 5 })),
  )
  await allTaken.promise
  expect((await through.post(...postTo(`${other.origin}/quick`))).verdict).toEqual({ delivered: true })
  expect(target.received).toHaveLength(socketsPerOriginMax)
  const waitedMs = performance.now() - startedMs
  const [first, ...rest] = waiting
  waiting = []
  for (const go of rest) go()
  // The first stays out: its place is not given to another.
  await expect.poll(() => waiting.length).toBe(more)
  for (const go of waiting) go()
  first?.()
  const posted = await Promise.all(all)
  expect(posted.every(({ verdict }) => verdict.delivered)).toBe(true)
  const quick = posted.filter(({ attempt }) => attempt.durationMs < waitedMs)
  expect(quick.length).toBeGreaterThanOrEqual(more)
  expect(target.connections).toBe(socketsPerOriginMax)
})

test("a name is judged by where it leads when it is posted to", async () => {
  // Names below `localhost` lead to this machine (RFC 6761), which was not exempted by that name but by its address.
  const target = kept(await openReceiver())
  const strict = threadedPoster({ allowedTargets: "10.0.0.0/8" })
  const url = `http://localhost:${target.port}/hook`
  expect(codeOf(await strict.post(...postTo(url)))).toBe("blocked_address")
  expect(codeOf(await threadedPoster().post(...postTo(url)))).toBe(200)
  expect(target.received).toHaveLength(1)
})

test("settings that cannot be used are a fault of that delivery alone", async () => {
  const target = kept(await openReceiver())
  const through = threadedPoster()
  // As a row might hold that another program wrote.
  const secrets = JSON.parse('{"current":7,"previous":null}')
  await expect(through.post(...postTo(`${target.origin}/hook`, { secrets }))).rejects.toThrow('"key"')
  expect(codeOf(await through.post(...postTo(`${target.origin}/hook`)))).toBe(200)
  expect(target.received).toHaveLength(1)
})

test("targets are judged at registration as they are when posted to", async () => {
  const through = threadedPoster()
  expect(await through.refusal("http://127.0.0.1:8080/hook")).toBeNull()
  expect(await through.refusal("http://127.9.0.1/hook")).toMatch(/TOCSIN_DENIED_TARGETS|denied/i)
  expect(await through.refusal("https://10.0.0.1/hook")).not.toBeNull()
})

/** Its answers wait until `answer` is called. */
async function holdingReceiver() {
  const arrived = Promise.withResolvers<void>()
  const answer = Promise.withResolvers<void>()
  const target = kept(
    await openReceiver({
      replies: [
        async (_request, response) => {
          arrived.resolve()
          await answer.promise
          response.end("late")
        },
      ],
    }),
  )
  return { target, arrived: arrived.promise, answer: () => answer.resolve() }
}

describe("closing", () => {
  test("waits for what is under way; what comes later is not sent", async () => {
    const { target, arrived, answer } = await holdingReceiver()
    const through = threadedPoster()
    const underWay = through.post(...postTo(`${target.origin}/hook`))
    await arrived
    const closed = through.close()
    await expect(through.post(...postTo(`${target.origin}/hook`))).rejects.toThrow("closed")
    await expect(through.refusal(`${target.origin}/hook`)).rejects.toThrow("closed")
    answer()
    expect(attemptIn((await underWay).attempt).responseBody).toBe("late")
    await closed
    expect(target.received).toHaveLength(1)
  })

  test("begins nothing more of what waits for a place: it can no longer be recorded", async () => {
    const { target, arrived, answer } = await holdingReceiver()
    const through = threadedPoster()
    let results = 0
    for (let post = 0; post < 3 * socketsPerOriginMax; post++)
      void through.post(...postTo(`${target.origin}/hook`)).then(() => {
        results += 1
      })
    await arrived
    const closed = through.close()
    answer()
    await closed
    // A few may have begun before the thread heard of it.
    expect(target.received.length).toBeLessThan(2 * socketsPerOriginMax)
    expect(results).toBe(target.received.length)
  })

  test("posts what was handed over in the same turn", async () => {
    const target = kept(await openReceiver())
    const through = threadedPoster()
    const posted = through.post(...postTo(`${target.origin}/hook`))
    await through.close()
    expect(codeOf(await posted)).toBe(200)
  })
})

test("a thread that fails is told of once, and gives no result for what may have been sent", async () => {
  const broken: string[] = []
  const failed = Promise.withResolvers<void>()
  // What `config.ts` would have refused.
  const through = threadedPoster({ allowedTargets: "https://not-a-host" }, (reason) => {
    broken.push(reason)
    failed.resolve()
  })
  let results = 0
  const count = () => {
    results += 1
  }
  void through.post(...postTo("https://receiver.test/hook")).then(count, count)
  const asked = through.refusal("https://receiver.test/hook")
  await expect(asked).rejects.toThrow("closed")
  await failed.promise
  // Nor for what comes until the process has ended: it was not sent, and is no failed attempt.
  void through.post(...postTo("https://receiver.test/hook")).then(count, count)
  await through.close()
  expect(broken).toEqual([
    expect.stringMatching(/^The thread that posts has failed [\s\S]*not-a-host[\s\S]*Start the process again\.$/),
  ])
  expect(results).toBe(0)
})

test("a thread that hangs is no longer ready, and is given up after a while", async () => {
  const broken = Promise.withResolvers<string>()
  const thread = new URL("./hanging-thread.ts", import.meta.url)
  const hangs = kept(openThreadedPoster({ thread, workerData: null, onBroken: broken.resolve, askEveryMs: 50 }))
  let results = 0
  const count = () => {
    results += 1
  }
  await expect.poll(() => hangs.ready()).toBeNull()
  void hangs.post(...postTo("https://receiver.test/hook")).then(count, count)
  await expect.poll(() => hangs.ready()).toMatch(/^The thread that posts hangs: it has not answered for 0\.\d+ s\.$/)
  expect(await broken.promise).toMatch(/has failed \(it has not answered for 0\.6 s\)\. Start the process again\.$/)
  expect(hangs.ready()).toBe("The thread that posts has ended.")
  expect(results).toBe(0)
})

test("a post that is about to cross when its webhook is deleted is made all the same", async () => {
  const target = kept(await openReceiver())
  const poster = threadedPoster()
  const [webhook, profile, post] = postTo(`${target.origin}/ok`)
  const posting = poster.post(webhook, profile, post)
  poster.changed({ ...webhook, deletedMs: 1 })
  expect(codeOf(await posting)).toBe(200)
})

import { readFileSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { TLSSocket } from "node:tls"
import { describe, expect, test } from "vitest"
import type { WebhookTls } from "../../src/domain/webhook.ts"
import type { Sender, SendRequest, SendResult } from "../../src/ports/sender.ts"
import { parseAllowedTargets } from "../../src/send/allowed-targets.ts"
import { openThreadedSender } from "../../src/send/thread/threaded-sender.ts"
import { openSender } from "../../src/send/undici-sender.ts"
import { kept } from "../kept.ts"
import { openReceiver, unusedPort } from "../receiver.ts"

const allowedTargets = "127.0.0.0/8"

function threaded(): Sender {
  return kept(
    openThreadedSender({
      allowedTargets,
      deniedTargets: "127.9.0.0/16",
      egressProxy: null,
      onBroken: (reason) => expect.unreachable(reason),
    }),
  )
}

function postTo(url: string, more: Partial<SendRequest> = {}): SendRequest {
  return { url, headers: [["content-type", "application/json"]], body: "{}", timeoutMs: 5_000, ...more }
}

/** All but how long it took, and when. */
function comparable({ response, failure }: SendResult): unknown {
  return {
    failure,
    response: response && { ...response, headers: response.headers.filter(([name]) => name !== "date") },
  }
}

describe("what crosses to the thread and back", () => {
  test("is the same as without a thread, whatever comes of it", async () => {
    const target = kept(
      await openReceiver({
        replies: [
          (request, response) => {
            if (request.path === "/silent") return
            if (request.path === "/long") response.end("x".repeat(300 * 1024))
            else
              response
                .writeHead(
                  request.path === "/gone" ? 410 : 200,
                  [
                    ["x-twice", "a"],
                    ["x-twice", "é"],
                  ].flat(),
                )
                .end(`${request.text} as ${request.header("x-of-ours")} \u{1f514}`)
          },
        ],
      }),
    )
    const headers = [
      ["content-type", "application/json"],
      ["x-of-ours", "yes"],
    ] as const
    const requests = [
      postTo(`${target.origin}/ok`, { headers, body: JSON.stringify({ text: "ÄÖÜ \u{1f514}".repeat(100) }) }),
      postTo(`${target.origin}/gone`, { headers: [], body: "" }),
      postTo(`${target.origin}/silent`, { timeoutMs: 200 }),
      postTo(`${target.origin}/long`),
      postTo(`http://127.0.0.1:${await unusedPort()}/refused`),
      postTo("http://127.9.0.1/denied"),
      postTo("https://10.1.2.3/private"),
    ]
    const direct = kept(
      openSender({
        allowedTargets: parseAllowedTargets(allowedTargets),
        deniedTargets: parseAllowedTargets("127.9.0.0/16"),
      }),
    )
    const through = threaded()
    const [expected, found] = await Promise.all(
      [direct, through].map((sender) => Promise.all(requests.map((request) => sender.send(request)))),
    )
    expect(found?.map(comparable)).toEqual(expected?.map(comparable))
    expect(found?.map(({ response, failure }) => failure?.code ?? response?.status)).toEqual([
      200,
      410,
      "timeout",
      "response_too_large",
      "connection_refused",
      "blocked_address",
      "blocked_address",
    ])
    expect(found?.[2]?.durationMs).toBeGreaterThanOrEqual(199)
  })

  test("comes back to whoever sent it, hundreds at a time and in any order", async () => {
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
    const through = threaded()
    const bodies = Array.from({ length: 500 }, (_, number) => String(number))
    const results = await Promise.all(bodies.map((body) => through.send(postTo(`${target.origin}/echo`, { body }))))
    expect(results.map(({ response }) => response?.body)).toEqual(bodies)
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
    const through = threaded()
    const url = `https://127.0.0.1:${target.port}/hook`
    const told: unknown[] = []
    for (const wish of [identified, tls(null), identified, null]) {
      const { response, failure } = await through.send(postTo(url, { tls: wish }))
      told.push(response?.body ?? failure?.code)
    }
    expect(told).toEqual(["true", "false", "true", "tls_untrusted"])
  })
})

test("a name is judged by where it leads when it is sent to", async () => {
  // Names below `localhost` lead to this machine (RFC 6761), which was not exempted by that name but by its address.
  const target = kept(await openReceiver())
  const strict = kept(
    openThreadedSender({
      allowedTargets: "10.0.0.0/8",
      deniedTargets: "",
      egressProxy: null,
      onBroken: (reason) => expect.unreachable(reason),
    }),
  )
  const url = `http://localhost:${target.port}/hook`
  expect((await strict.send(postTo(url))).failure?.code).toBe("blocked_address")
  expect((await threaded().send(postTo(url))).response?.status).toBe(200)
  expect(target.received).toHaveLength(1)
})

test("certificates that are none are a fault of that delivery alone", async () => {
  const target = kept(await openReceiver())
  const through = threaded()
  // As a row might hold that another program wrote.
  const tls: WebhookTls = JSON.parse('{"client":{"certificate":7},"authority":null}')
  await expect(async () => through.send(postTo(`${target.origin}/hook`, { tls }))).rejects.toThrow()
  expect((await through.send(postTo(`${target.origin}/hook`))).response?.status).toBe(200)
})

test("targets are judged at registration as they are when sent to", async () => {
  const through = threaded()
  expect(await through.refusal("http://127.0.0.1:8080/hook")).toBeNull()
  expect(await through.refusal("http://127.9.0.1/hook")).toMatch(/TOCSIN_DENIED_TARGETS|denied/i)
  expect(await through.refusal("https://10.0.0.1/hook")).not.toBeNull()
})

describe("closing", () => {
  test("waits for what is under way; what comes later is not sent", async () => {
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
    const through = threaded()
    const underWay = through.send(postTo(`${target.origin}/hook`))
    await arrived.promise
    const closed = through.close()
    expect((await through.send(postTo(`${target.origin}/hook`))).failure?.code).toBe("internal")
    await expect(through.refusal(`${target.origin}/hook`)).rejects.toThrow("closed")
    answer.resolve()
    expect((await underWay).response?.body).toBe("late")
    await closed
    expect(target.received).toHaveLength(1)
  })

  test("sends what was handed over in the same turn", async () => {
    const target = kept(await openReceiver())
    const through = threaded()
    const sent = through.send(postTo(`${target.origin}/hook`))
    await through.close()
    expect((await sent).response?.status).toBe(200)
  })
})

test("a thread that fails is told of once, and gives no result for what may have been sent", async () => {
  const broken: string[] = []
  const failed = Promise.withResolvers<void>()
  const through = openThreadedSender({
    // What `config.ts` would have refused.
    allowedTargets: "https://not-a-host",
    deniedTargets: "",
    egressProxy: null,
    onBroken: (reason) => {
      broken.push(reason)
      failed.resolve()
    },
  })
  let results = 0
  const count = () => {
    results += 1
  }
  void through.send(postTo("https://receiver.test/hook")).then(count)
  const asked = through.refusal("https://receiver.test/hook")
  await expect(asked).rejects.toThrow("closed")
  await failed.promise
  // Nor for what comes until the process has ended: it was not sent, and is no failed attempt.
  void through.send(postTo("https://receiver.test/hook")).then(count)
  await through.close()
  expect(broken).toEqual([
    expect.stringMatching(/^The thread that sends has failed [\s\S]*not-a-host[\s\S]*Start the process again\.$/),
  ])
  expect(results).toBe(0)
})

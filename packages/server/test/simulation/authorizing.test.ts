import { describe, expect, test } from "vitest"
import type { WebhookId } from "../../src/domain/ids.ts"
import type { ClientCredentials } from "../../src/domain/webhook.ts"
import type { SendRequest, SendResult } from "../../src/ports/sender.ts"
import { Authorizing } from "../../src/posting/authorizing.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"
import { World } from "./world.ts"

const credentials: ClientCredentials = {
  kind: "client_credentials",
  tokenUrl: "https://login.example/token",
  clientId: "tocsin",
  clientSecret: "s3cr3t+of/the client",
  scope: "hooks.write",
  audience: null,
  clientAuthentication: "basic",
}

function answered(status: number, body: unknown): SendResult {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  return { durationMs: 5, response: { status, headers: [], body: text }, failure: null }
}

/** A token endpoint that numbers its tokens. */
class TokenEndpoint {
  readonly requests: SendRequest[] = []
  answer = (n: number): SendResult => answered(200, { access_token: `t${n}`, token_type: "Bearer", expires_in: 3_600 })

  async send(request: SendRequest): Promise<SendResult> {
    this.requests.push(request)
    return this.answer(this.requests.length)
  }
}

async function scene() {
  const clock = new VirtualClock()
  const endpoint = new TokenEndpoint()
  const authorizing = new Authorizing(endpoint, clock)
  const world = await World.open()
  const webhook = await world.webhook({ authorization: credentials })
  const header = (changed: Partial<ClientCredentials> = {}) =>
    authorizing.header(webhook, { ...credentials, ...changed }, 5_000)
  return { clock, endpoint, authorizing, webhook, header }
}

describe("a token by client credentials", () => {
  test("is asked for as RFC 6749 has it, and once for as long as it holds", async () => {
    const { clock, endpoint, header } = await scene()
    expect(await header()).toEqual({ ok: true, value: "Bearer t1" })
    const [asked] = endpoint.requests
    expect(asked).toMatchObject({ url: credentials.tokenUrl, timeoutMs: 5_000 })
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: "client_credentials",
      scope: "hooks.write",
    })
    const headers = Object.fromEntries(asked?.headers ?? [])
    expect(headers["content-type"]).toBe("application/x-www-form-urlencoded")
    const basic = Buffer.from(String(headers.authorization).replace("Basic ", ""), "base64").toString()
    expect(basic).toBe("tocsin:s3cr3t%2Bof%2Fthe+client")
    // 60 s before it expires, a new one.
    await clock.advance(3_539_000)
    expect(await header()).toEqual({ ok: true, value: "Bearer t1" })
    await clock.advance(1_001)
    expect(await header()).toEqual({ ok: true, value: "Bearer t2" })
  })

  test("is asked for in the form where the endpoint wants that", async () => {
    const { endpoint, header } = await scene()
    await header({ clientAuthentication: "body", scope: null, audience: "https://siem.example" })
    const [asked] = endpoint.requests
    expect(Object.fromEntries(asked?.headers ?? [])).not.toHaveProperty("authorization")
    expect(Object.fromEntries(new URLSearchParams(asked?.body))).toEqual({
      grant_type: "client_credentials",
      audience: "https://siem.example",
      client_id: "tocsin",
      client_secret: credentials.clientSecret,
    })
  })

  test("many deliveries that need one wait for the same request", async () => {
    const { endpoint, header } = await scene()
    const all = await Promise.all(Array.from({ length: 50 }, () => header()))
    expect(new Set(all.map((each) => JSON.stringify(each))).size).toBe(1)
    expect(endpoint.requests).toHaveLength(1)
  })

  test("is asked for anew when the credentials changed, or the receiver refused it", async () => {
    const { endpoint, authorizing, webhook, header } = await scene()
    await header()
    expect(await header({ clientSecret: "another" })).toMatchObject({ value: "Bearer t2" })
    authorizing.refused(webhook.id)
    expect(await header({ clientSecret: "another" })).toMatchObject({ value: "Bearer t3" })
    expect(endpoint.requests).toHaveLength(3)
  })

  test.each([
    ["401", answered(401, { error: "invalid_client" }), "it answered 401 (invalid_client)"],
    ["a word of its own", answered(400, { error: "s3cr3t+of/the client" }), "it answered 400"],
    ["a page", answered(200, "<html>"), "its answer holds no access token"],
    ["no token", answered(200, { token_type: "Bearer" }), "its answer holds no access token"],
    [
      "a token with a line break",
      answered(200, { access_token: "a\r\nx: y", token_type: "Bearer" }),
      "its answer holds no access token",
    ],
    ["another kind", answered(200, { access_token: "a", token_type: "mac" }), "its token is not a bearer token"],
    [
      "a blocked address",
      { durationMs: 1, response: null, failure: { code: "blocked_address", message: "it is private" } } as const,
      "it could not be asked: it is private",
    ],
  ])("%s is a readable failure, not kept", async (_what, result, because) => {
    const { endpoint, header } = await scene()
    endpoint.answer = () => result
    expect(await header()).toEqual({ ok: false, message: `The token endpoint gave no access token: ${because}` })
    await header()
    expect(endpoint.requests).toHaveLength(2)
  })

  test("without a lifetime it is used for five minutes at most", async () => {
    const { clock, endpoint, header } = await scene()
    endpoint.answer = (n) => answered(200, { access_token: `t${n}`, token_type: "bearer" })
    await header()
    await clock.advance(300_000)
    expect(await header()).toMatchObject({ value: "Bearer t2" })
  })
})

async function attemptsFor(world: World, webhookId: WebhookId) {
  const [delivery] = await world.deliveries(webhookId)
  if (!delivery) throw new Error("the event was not delivered to the webhook")
  return world.store.attempts(world.workspaceId, delivery.id)
}

describe("deliveries", () => {
  test("carry the token, are retried with a new one after a 401, and show neither", async () => {
    const world = await World.open()
    const webhook = await world.webhook({ authorization: credentials })
    const tokens: (string | undefined)[] = []
    let fetched = 0
    world.sender.send = async ({ url, headers }) => {
      if (url === credentials.tokenUrl) {
        fetched += 1
        return answered(200, { access_token: `token-number-${fetched}`, token_type: "Bearer", expires_in: 3_600 })
      }
      const token = headers.find(([name]) => name === "authorization")?.[1]
      tokens.push(token)
      return answered(tokens.length === 1 ? 401 : 200, `you sent ${token}`)
    }
    await world.publish()
    await world.clock.advance(10_000)
    expect(tokens).toEqual(["Bearer token-number-1", "Bearer token-number-2"])
    const log = await attemptsFor(world, webhook.id)
    expect(log.map(({ statusCode }) => statusCode)).toEqual([401, 200])
    expect(JSON.stringify(log)).not.toContain("token-number")
    expect(log[0]?.requestHeaders).toContainEqual(["authorization", "********"])
    expect(log[0]?.responseBody).toBe("you sent ********")
  })

  test("without a token are not sent, and say why", async () => {
    const world = await World.open()
    const webhook = await world.webhook({ authorization: credentials })
    const urls: string[] = []
    world.sender.send = async ({ url }) => {
      urls.push(url)
      return answered(503, "")
    }
    await world.publish()
    await world.clock.advance(100)
    expect(urls).toEqual([credentials.tokenUrl])
    expect((await attemptsFor(world, webhook.id))[0]).toMatchObject({
      statusCode: null,
      error: {
        code: "authorization_failed",
        message: "The token endpoint gave no access token: it answered 503",
        hint: expect.stringContaining("authorization"),
      },
    })
  })
})

import { generateKeyPairSync } from "node:crypto"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { alteredRsa, certificateOf, looseRsa, oddNumber } from "../made-keys.ts"
import { answered, list, type RunningApi, runApi, sharedApi, text, violationEvent } from "./running-api.ts"

function pem(file: string): string {
  return readFileSync(new URL(`../fixtures/tls/${file}`, import.meta.url), "utf8")
}

const staticToken = { type: "static", value: "Bearer s3cr3t-static-token" }
const oauth = {
  type: "oauth2_client_credentials",
  token_url: "https://login.example/token",
  client_id: "tocsin",
  client_secret: "s3cr3t-of-the-client",
}
const mutual = {
  client_certificate: pem("client.crt"),
  client_key: pem("client.key"),
  authority: pem("private-authority.crt"),
}
const huge = looseRsa(16_384)
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey
const damaged = {
  client_certificate: certificateOf(rsa),
  client_key: alteredRsa(rsa, { p: oddNumber(1024), q: oddNumber(1024) }),
}
const keyLine = pem("client.key").split("\n")[1] ?? ""
const secrets = ["s3cr3t-static-token", "s3cr3t-of-the-client", keyLine]

function expectNoSecret(shown: string): void {
  for (const secret of secrets) expect(shown).not.toContain(secret)
}

/** What the engine holds of it, in the clear. */
function held({ engine }: RunningApi, id: unknown) {
  for (const { id: workspaceId } of engine.registry.workspaces()) {
    const found = engine.registry.webhooks(workspaceId).find((webhook) => webhook.id === id)
    if (found) return found
  }
  throw new Error(`no webhook ${id}`)
}

describe("a webhook's authorization and certificates", () => {
  it("are taken, shown masked everywhere, and stored sealed", async () => {
    const api = await runApi()
    const { call, workspaceKey, webhook, store } = api
    const key = await workspaceKey()
    const made = await webhook(key, { authorization: oauth, tls: mutual })
    const masked = {
      authorization: { ...oauth, client_secret: "********", client_authentication: "basic" },
      tls: { ...mutual, client_key: "********" },
    }
    expect(made).toMatchObject(masked)
    const stat = await webhook(key, { authorization: staticToken })
    expect(stat).toMatchObject({ authorization: { type: "static", value: "********" }, tls: null })
    expect((await call("GET", `/v1/webhooks/${made.id}`, { key })).json).toMatchObject(masked)
    for (const path of ["/v1/webhooks", `/v1/webhooks/${stat.id}`, "/v1/audit-log", "/v1/audit-log/export"]) {
      expectNoSecret((await call("GET", path, { key })).text)
    }
    expectNoSecret(JSON.stringify(await store.loadConfig()))
    expect(held(api, made.id)).toMatchObject({
      authorization: { kind: "client_credentials", clientSecret: oauth.client_secret },
      tls: { client: { key: mutual.client_key }, authority: mutual.authority },
    })
  })

  it("stay when an update leaves them out or sends their masks back, and go with null", async () => {
    const api = await runApi()
    const { call, workspaceKey, webhook } = api
    const key = await workspaceKey()
    const made = await webhook(key, { authorization: oauth, tls: mutual })
    const before = held(api, made.id)
    const update = (body: object) => call("PUT", `/v1/webhooks/${made.id}`, { key, body })
    expect((await update({ description: "another" })).status).toBe(200)
    expect((await update({ authorization: made.authorization, tls: made.tls })).status).toBe(200)
    expect(held(api, made.id)).toMatchObject({ authorization: before.authorization, tls: before.tls })
    expect((await update({ authorization: { ...oauth, client_secret: "another-secret" } })).status).toBe(200)
    const [changed] = list(await call("GET", "/v1/audit-log", { key }))
    expect(changed?.after).toMatchObject({ credentials: "changed" })
    expect((await update({ authorization: null, tls: null })).json).toMatchObject({ authorization: null, tls: null })
    expect(held(api, made.id)).toMatchObject({ authorization: null, tls: null })
  })

  it("do not follow a token URL elsewhere behind their mask", async () => {
    const api = await runApi()
    const { call, workspaceKey, webhook } = api
    const key = await workspaceKey()
    const made = await webhook(key, { authorization: oauth })
    for (const change of [{ token_url: "https://elsewhere.example/token" }, { client_id: "another" }]) {
      const body = { authorization: { ...oauth, ...change, client_secret: "********" } }
      const refused = await call("PUT", `/v1/webhooks/${made.id}`, { key, body })
      expect(refused).toMatchObject({ status: 422, pointers: ["/authorization/client_secret"] })
    }
    expect(held(api, made.id).authorization).toMatchObject({ tokenUrl: oauth.token_url })
  })

  const shared = sharedApi()
  const bad: readonly (readonly [string, object, readonly string[]])[] = [
    ["no type", { authorization: { value: "Bearer x" } }, ["/authorization/type"]],
    ["an unknown type", { authorization: { type: "digest" } }, ["/authorization/type"]],
    ["static without a value", { authorization: { type: "static" } }, ["/authorization/value"]],
    ["a value with a line break", { authorization: { type: "static", value: "a\r\nb: c" } }, ["/authorization/value"]],
    ["a mask for a value", { authorization: { type: "static", value: "********" } }, ["/authorization/value"]],
    ["a mixture", { authorization: { ...staticToken, client_id: "x" } }, ["/authorization/client_id"]],
    ["no client", { authorization: { ...oauth, client_id: undefined } }, ["/authorization/client_id"]],
    [
      "a mask for a secret",
      { authorization: { ...oauth, client_secret: "********" } },
      ["/authorization/client_secret"],
    ],
    [
      "a private token URL",
      { authorization: { ...oauth, token_url: "https://169.254.169.254/token" } },
      ["/authorization/token_url"],
    ],
    [
      "a token URL on http",
      { authorization: { ...oauth, token_url: "http://login.example/" } },
      ["/authorization/token_url"],
    ],
    [
      "the same header twice",
      { authorization: staticToken, headers: { AUTHORIZATION: "Bearer y" } },
      ["/authorization"],
    ],
    ["a certificate without its key", { tls: { client_certificate: mutual.client_certificate } }, ["/tls/client_key"]],
    [
      "all that is wrong at once",
      { tls: { client_certificate: "x", authority: "y" } },
      ["/tls/client_key", "/tls/client_certificate", "/tls/authority"],
    ],
    ["a key without its certificate", { tls: { client_key: mutual.client_key } }, ["/tls/client_certificate"]],
    ["another's key", { tls: { ...mutual, client_key: pem("receiver.key") } }, ["/tls/client_key"]],
    ["no key at all", { tls: { ...mutual, client_key: "-----BEGIN NOTHING-----" } }, ["/tls/client_key"]],
    [
      "a key that takes seconds to sign with",
      { tls: { client_certificate: huge.certificate, client_key: huge.key } },
      ["/tls/client_certificate", "/tls/client_key"],
    ],
    ["a key that contradicts itself", { tls: damaged }, ["/tls/client_key"]],
    ["an authority with such a key", { tls: { authority: mutual.authority + huge.certificate } }, ["/tls/authority"]],
    ["a mask for a key", { tls: { ...mutual, client_key: "********" } }, ["/tls/client_key"]],
    ["no certificate at all", { tls: { ...mutual, client_certificate: "x" } }, ["/tls/client_certificate"]],
    ["a key among authorities", { tls: { authority: mutual.authority + mutual.client_key } }, ["/tls/authority"]],
    [
      "a broken certificate",
      { tls: { authority: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" } },
      ["/tls/authority"],
    ],
  ]
  it.each(bad)("with %s are refused, pointing at the fault", async (_what, settings, pointers) => {
    const { call, workspaceKey } = shared()
    const key = await workspaceKey()
    const body = { url: "https://receiver.example/", events: ["*"], secret: "your-webhook-secret", ...settings }
    const answer = await call("POST", "/v1/webhooks", { key, body })
    expect(answer).toMatchObject({ status: 422, pointers })
    expectNoSecret(answer.text)
  })

  it("go with a test of the webhook, whose answer shows none of them, even from an endpoint that echoes", async () => {
    const { call, workspaceKey, webhook, receivers } = await runApi()
    const key = await workspaceKey()
    const own = { "X-Api-Key": "s3cr3t-own-header", "X-Team": "platform" }
    const { id } = await webhook(key, { authorization: staticToken, tls: mutual, headers: own })
    // More than once, as a page about the request would.
    receivers.answer = ({ headers }) => answered(200, JSON.stringify([1, 2, 3].map(() => Object.fromEntries(headers))))
    const tested = await call("POST", `/v1/webhooks/${id}/test`, { key, body: {} })
    expect(tested.json.delivered).toBe(true)
    const [sent] = receivers.requests
    expect(sent?.tls).toEqual({
      client: { certificate: mutual.client_certificate, key: mutual.client_key },
      authority: mutual.authority,
    })
    expect(sent?.headers).toContainEqual(["authorization", staticToken.value])
    expectNoSecret(tested.text)
    expect(tested.text).not.toContain("s3cr3t-own-header")
    expect(tested.text).toContain("platform")
    await call("POST", "/v1/events", { key, body: violationEvent })
    const [delivery] = list(await call("GET", "/v1/deliveries", { key }))
    const shown = await call("GET", `/v1/deliveries/${text(delivery?.id)}`, { key })
    expect(shown.text).toContain("********")
    expectNoSecret(shown.text)
  })
})

import { randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { Sessions } from "../../src/api/session/sessions.ts"
import { mintKey } from "../../src/secrets/api-key.ts"
import { sealerFor } from "../../src/secrets/sealing.ts"
import { type Answer, adminKey, list, object, type RunningApi, runApi, text } from "./running-api.ts"

/** What a browser sends from a page of the same origin. */
const ofPage = { "x-tocsin-page": "1", "sec-fetch-site": "same-origin", host: "tocsin.example" }

const signIn = ({ call }: RunningApi, key: string, headers: Record<string, string> = ofPage) =>
  call("POST", "/v1/session", { body: { api_key: key }, headers })

function cookieOf(answer: Answer): string {
  return text(answer.headers["set-cookie"]).split(";", 1)[0] ?? ""
}

async function signedIn() {
  const api = await runApi()
  const key = await api.workspaceKey("cybervault")
  const answer = await signIn(api, key)
  expect(answer.status).toBe(200)
  return { ...api, key, answer, cookie: cookieOf(answer) }
}

describe("signing in", () => {
  it("answers with the workspace and a cookie that no script can read and no other site can send", async () => {
    const { answer, key } = await signedIn()
    expect(answer.json).toMatchObject({
      workspace: { name: "acme", profile: "cybervault" },
      profile: { signature_header: "X-CyberVault-Signature", timeout_seconds: { default: 5, max: 5 } },
    })
    const header = text(answer.headers["set-cookie"])
    expect(header).toMatch(/^tocsin_session=[\w.-]{100,}; Max-Age=57600; Path=\/; HttpOnly; SameSite=Strict$/)
    expect(header).not.toContain(key)
    expect(answer.text).not.toContain(key)
    expect(answer.headers["cache-control"]).toBe("no-store")
  })

  it.each([
    ["a proxy that ends TLS", { "x-forwarded-proto": "https" }],
    ["an https page", { origin: "https://tocsin.example" }],
  ])("is Secure behind %s", async (_what, headers) => {
    const api = await runApi()
    const answer = await signIn(api, await api.workspaceKey(), { ...ofPage, ...headers })
    expect(answer.headers["set-cookie"]).toContain("; Secure")
  })

  it("refuses an unknown key, the admin key, and after ten failures everything from that address for a minute", async () => {
    const api = await runApi()
    const key = await api.workspaceKey()
    expect((await signIn(api, adminKey)).json.code).toBe("workspace_key_required")
    for (let tried = 0; tried < 10; tried++) {
      const answer = await signIn(api, `tk_guess${tried}`)
      expect(answer.json.code).toBe("key_unknown")
      expect(answer.headers["set-cookie"]).toBeUndefined()
    }
    const limited = await signIn(api, key)
    expect(limited.status).toBe(429)
    expect(limited.json.code).toBe("sign_in_limited")
    expect(Number(limited.headers["retry-after"])).toBeGreaterThan(0)
    expect((await api.call("GET", "/v1/webhooks", { key })).status).toBe(200)
  })

  it.each([
    ["another site", { ...ofPage, "sec-fetch-site": "cross-site" }],
    ["a neighbour on the site", { ...ofPage, "sec-fetch-site": "same-site" }],
    ["a plain form", { "sec-fetch-site": "same-origin", host: "tocsin.example" }],
    ["a browser that says nothing", { "x-tocsin-page": "1", host: "tocsin.example" }],
    ["another origin", { "x-tocsin-page": "1", host: "tocsin.example", origin: "https://evil.example" }],
  ])("is refused from %s", async (_who, headers) => {
    const api = await runApi()
    const answer = await signIn(api, await api.workspaceKey(), headers)
    expect(answer.json.code).toBe("cross_site_request")
  })
})

describe("a session", () => {
  it("does what its key may, from our pages", async () => {
    const { call, cookie } = await signedIn()
    const headers = { ...ofPage, cookie }
    expect((await call("GET", "/v1/webhooks", { headers })).status).toBe(200)
    const created = await call("POST", "/v1/event-types", { headers, body: { name: "own.type" } })
    expect(created.status).toBe(201)
    const shown = await call("GET", "/v1/session", { headers })
    expect(object(shown.json.workspace).name).toBe("acme")
    const plain = { "x-tocsin-page": "1", host: "tocsin.example", origin: "http://tocsin.example", cookie }
    expect((await call("DELETE", "/v1/event-types/own.type", { headers: plain })).status).toBe(204)
  })

  it.each([
    ["POST", { "sec-fetch-site": "same-origin" }],
    ["POST", { "x-tocsin-page": "1", "sec-fetch-site": "same-site" }],
    ["POST", { "x-tocsin-page": "1", origin: "https://evil.example", host: "tocsin.example" }],
    ["POST", { "x-tocsin-page": "1", host: "tocsin.example" }],
    ["GET", { "sec-fetch-site": "same-site" }],
    ["GET", { "sec-fetch-site": "cross-site" }],
  ])("does nothing for a foreign page's %s with %j", async (method, headers) => {
    const { call, cookie, key } = await signedIn()
    const body = method === "POST" ? { name: "own.type" } : undefined
    const answer = await call(method, "/v1/event-types", { headers: { ...headers, cookie }, body })
    expect(answer.status).toBe(403)
    expect(answer.json.code).toBe("cross_site_request")
    expect((await call("GET", "/v1/event-types/own.type", { key })).status).toBe(404)
  })

  it("ends with its key, at once", async () => {
    const { call, cookie, key } = await signedIn()
    const [only] = list(await call("GET", "/v1/api-keys", { key }))
    expect((await call("DELETE", `/v1/api-keys/${text(only?.id)}`, { key })).status).toBe(204)
    const answer = await call("GET", "/v1/session", { headers: { ...ofPage, cookie } })
    expect(answer.status).toBe(401)
    expect(answer.json.code).toBe("session_ended")
  })

  it("ends when its key expires, before its own time", async () => {
    const api = await runApi()
    const { call, clock } = api
    const first = await api.workspaceKey()
    const expires_at = new Date(clock.now() + 3_600_000).toISOString()
    const made = await call("POST", "/v1/api-keys", { key: first, body: { name: "for an hour", expires_at } })
    const headers = { ...ofPage, cookie: cookieOf(await signIn(api, text(made.json.key))) }
    await clock.advance(3_599_000)
    expect((await call("GET", "/v1/session", { headers })).status).toBe(200)
    await clock.advance(1_000)
    expect((await call("GET", "/v1/session", { headers })).json.code).toBe("session_ended")
  })

  it("ends when it is signed out of, also for whoever kept the cookie", async () => {
    const { call, cookie } = await signedIn()
    const headers = { ...ofPage, cookie }
    const ended = await call("DELETE", "/v1/session", { headers })
    expect(ended.status).toBe(204)
    expect(ended.headers["set-cookie"]).toMatch(/^tocsin_session=; Max-Age=0;/)
    expect((await call("GET", "/v1/webhooks", { headers })).json.code).toBe("session_ended")
  })

  it("ends with its time", async () => {
    const { call, cookie, clock } = await signedIn()
    await clock.advance(16 * 3_600_000 + 1)
    expect((await call("GET", "/v1/webhooks", { headers: { ...ofPage, cookie } })).json.code).toBe("session_ended")
  })

  it("ends when the encryption key is changed, which is what to do about one that leaked", async () => {
    const { call, cookie } = await signedIn()
    expect((await call("POST", "/v1/encryption-key/rotation", { key: adminKey })).status).toBe(200)
    expect((await call("GET", "/v1/webhooks", { headers: { ...ofPage, cookie } })).json.code).toBe("session_ended")
  })

  it("takes the API key itself: whoever knows the encryption key and all that is stored can make none", () => {
    const sealer = sealerFor(randomBytes(32))
    const sessions = new Sessions(sealer)
    const { key, hash } = mintKey("tk", randomBytes(32))
    const { session, cookie } = sessions.begin("one", key, null, 0)
    expect(sessions.read(cookie, 1)).toEqual(session)
    expect(session.keyHash).toBe(hash)
    const forged = sealer.seal(JSON.stringify(["two", hash, session.expiresMs]))
    expect(sessions.read(forged, 1)?.keyHash).not.toBe(hash)
  })

  it.each([["made up"], ["altered"]])("is not one that was %s", async (how) => {
    const { call, cookie } = await signedIn()
    const at = cookie.length - 20
    const altered = cookie.slice(0, at) + (cookie[at] === "A" ? "B" : "A") + cookie.slice(at + 1)
    const forged = how === "altered" ? altered : "tocsin_session=deadbeef.AAAA"
    expect((await call("GET", "/v1/webhooks", { headers: { ...ofPage, cookie: forged } })).json.code).toBe(
      "session_ended",
    )
  })
})

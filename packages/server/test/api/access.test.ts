import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { scopes } from "../../src/domain/workspace.ts"
import { adminKey, list, object, runApi, text, violationEvent } from "./running-api.ts"

describe("who may call", () => {
  it("asks for a key, and says what is wrong with one", async () => {
    const { call } = await runApi()
    const none = await call("GET", "/v1/webhooks")
    expect(none).toMatchObject({ status: 401, json: { code: "authentication_required" } })
    expect(none.headers["www-authenticate"]).toBe('Bearer realm="tocsin"')
    const unknown = await call("GET", "/v1/webhooks", { key: "tk_guessed" })
    expect(unknown).toMatchObject({ status: 401, json: { code: "key_unknown" } })
    expect(unknown.headers["www-authenticate"]).toContain("invalid_token")
    const basic = await call("GET", "/v1/webhooks", { headers: { authorization: "Basic YTpi" } })
    expect(basic).toMatchObject({ status: 401, json: { code: "authentication_required" } })
  })

  it("keeps the admin key and workspaces' keys apart", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    expect(await call("GET", "/v1/workspaces", { key })).toMatchObject({
      status: 403,
      json: { code: "admin_key_required" },
    })
    expect(await call("GET", "/v1/webhooks", { key: adminKey })).toMatchObject({
      status: 403,
      json: { code: "workspace_key_required" },
    })
  })

  it("checks the key before it reads the body", async () => {
    const { call } = await runApi()
    expect((await call("POST", "/v1/events", { raw: "{" })).status).toBe(401)
  })

  it("lets a key do what its scopes name, on every route of the document, and nothing else", async () => {
    const { app, call, workspaceKey } = await runApi()
    const all = await workspaceKey()
    const keys = new Map<string, string>()
    for (const scope of scopes) {
      const made = await call("POST", "/v1/api-keys", { key: all, body: { name: scope, scopes: [scope] } })
      keys.set(scope, text(made.json.key))
    }
    const document = object(JSON.parse(JSON.stringify(app.swagger())))
    let checked = 0
    for (const [path, methods] of Object.entries(object(document.paths))) {
      for (const [method, operation] of Object.entries(object(methods))) {
        const needed = /Needs the scope `([^`]+)`|or the scope `([^`]+)`/.exec(String(object(operation).description))
        const scope = needed?.[1] ?? needed?.[2]
        if (scope === undefined) continue
        const url = path.replace(/\{\w+\}/g, "unknown_id")
        const body = ["post", "put", "patch"].includes(method) ? {} : undefined
        for (const [has, key] of keys) {
          const { status, json } = await call(method.toUpperCase(), url, { key, body })
          if (has === scope) expect(status, `${method} ${path} with ${has}`).not.toBe(403)
          else
            expect({ status, code: json.code }, `${method} ${path} with ${has}`).toEqual({
              status: 403,
              code: "scope_missing",
            })
          checked++
        }
      }
    }
    expect(checked).toBeGreaterThan(150)
  })
})

describe("API keys", () => {
  it("shows a new key once, and from then on its beginning and when it was used", async () => {
    const { call, workspaceKey, clock } = await runApi()
    const key = await workspaceKey()
    const made = await call("POST", "/v1/api-keys", { key, body: { name: "ci", scopes: ["events:write"] } })
    expect(made).toMatchObject({ status: 201, json: { name: "ci", scopes: ["events:write"], last_used: null } })
    const clear = text(made.json.key)
    const listed = await call("GET", "/v1/api-keys", { key })
    expect(list(listed).map(({ name }) => name)).toEqual(["ci", "first key"])
    expect(listed.text).not.toContain(clear)
    expect(clear.startsWith(text(made.json.prefix))).toBe(true)

    await clock.advance(5_000)
    await call("POST", "/v1/events", { key: clear, body: violationEvent })
    const used = list(await call("GET", "/v1/api-keys", { key })).find(({ name }) => name === "ci")
    expect(used?.last_used).toBe(new Date(clock.now()).toISOString())
  })

  it("writes down use once a minute, not with each request", async () => {
    const touched: number[] = []
    const { call, workspaceKey, clock } = await runApi({
      wrapStore: (store) => ({ ...store, touchKeys: async (used) => void touched.push(used.length) }),
    })
    const key = await workspaceKey()
    for (let at = 0; at < 5; at++) await call("GET", "/v1/event-types", { key })
    expect(touched).toEqual([])
    await clock.advance(60_000)
    expect(touched).toEqual([1])
    await clock.advance(600_000)
    expect(touched).toEqual([1])
    await call("GET", "/v1/event-types", { key })
    await clock.advance(60_000)
    expect(touched).toEqual([1, 1])
  })

  it("revokes at once, and expires on time", async () => {
    const { call, workspaceKey, clock } = await runApi()
    const key = await workspaceKey()
    const expires_at = new Date(clock.now() + 60_000).toISOString()
    const made = await call("POST", "/v1/api-keys", { key, body: { name: "short", expires_at } })
    const short = text(made.json.key)
    expect((await call("GET", "/v1/webhooks", { key: short })).status).toBe(200)
    await clock.advance(60_000)
    expect(await call("GET", "/v1/webhooks", { key: short })).toMatchObject({
      status: 401,
      json: { code: "key_expired" },
    })

    const other = await call("POST", "/v1/api-keys", { key, body: { name: "other" } })
    expect((await call("DELETE", `/v1/api-keys/${other.json.id}`, { key })).status).toBe(204)
    expect(await call("GET", "/v1/webhooks", { key: text(other.json.key) })).toMatchObject({
      status: 401,
      json: { code: "key_revoked" },
    })
    expect((await call("DELETE", "/v1/api-keys/key_unknown", { key })).status).toBe(404)
  })

  it("makes nothing last longer than the key that makes it", async () => {
    const { call, workspaceKey, clock } = await runApi()
    const inAnHour = new Date(clock.now() + 3_600_000).toISOString()
    const lent = { name: "for an hour", expires_at: inAnHour }
    const hour = text((await call("POST", "/v1/api-keys", { key: await workspaceKey(), body: lent })).json.key)
    const heir = await call("POST", "/v1/api-keys", { key: hour, body: { name: "heir" } })
    expect(heir).toMatchObject({ status: 201, json: { expires_at: inAnHour } })
    const sooner = new Date(clock.now() + 1_800_000).toISOString()
    expect(
      (await call("POST", "/v1/api-keys", { key: hour, body: { name: "sooner", expires_at: sooner } })).status,
    ).toBe(201)
    const later = new Date(clock.now() + 7_200_000).toISOString()
    const refused = await call("POST", "/v1/api-keys", { key: hour, body: { name: "later", expires_at: later } })
    expect(refused).toMatchObject({ status: 422, pointers: ["/expires_at"] })
  })

  it("gives no key more than its creator has", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const made = await call("POST", "/v1/api-keys", { key, body: { name: "keys only", scopes: ["keys:write"] } })
    const limited = text(made.json.key)
    const greedy = await call("POST", "/v1/api-keys", { key: limited, body: { name: "x", scopes: ["events:read"] } })
    expect(greedy).toMatchObject({ status: 403, json: { code: "scope_missing" } })
    const same = await call("POST", "/v1/api-keys", { key: limited, body: { name: "x" } })
    expect(same).toMatchObject({ status: 201, json: { scopes: ["keys:write"] } })
  })

  it.each([
    [{}, ["/name"]],
    [{ name: "" }, ["/name"]],
    [{ name: "a\u0000b" }, ["/name"]],
    [{ name: "a", scopes: [] }, ["/scopes"]],
    [{ name: "a", scopes: ["everything"] }, ["/scopes/0"]],
    [{ name: "a", expires_at: "tomorrow" }, ["/expires_at"]],
    [{ name: "a", expires_at: "2020-01-01T00:00:00Z" }, ["/expires_at"]],
  ])("refuses %j", async (body, pointers) => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    expect(await call("POST", "/v1/api-keys", { key, body })).toMatchObject({ status: 422, pointers })
    expect(list(await call("GET", "/v1/api-keys", { key }))).toHaveLength(1)
  })

  it("publishes api.key.created where the profile has it", async () => {
    const { call, workspaceKey } = await runApi()
    const cortex = await workspaceKey("policycortex")
    const made = await call("POST", "/v1/api-keys", { key: cortex, body: { name: "ci" } })
    const [event, ...others] = list(await call("GET", "/v1/events", { key: cortex }))
    expect(others).toEqual([])
    expect(event).toMatchObject({ type: "api.key.created" })
    const shown = await call("GET", `/v1/events/${event?.id}`, { key: cortex })
    expect(shown.json.data).toMatchObject({ api_key: { id: made.json.id, name: "ci", expires_at: null } })
    expect(shown.text).not.toContain(text(made.json.key))

    const vault = await workspaceKey("cybervault")
    await call("POST", "/v1/api-keys", { key: vault, body: { name: "ci" } })
    expect(list(await call("GET", "/v1/events", { key: vault }))).toEqual([])
  })
})

describe("rates", () => {
  it("limits management by key, and says so; publishing goes on", async () => {
    const { call, workspaceKey } = await runApi({ managementRequestsPerSecond: 3 })
    const key = await workspaceKey()
    const other = await workspaceKey()
    const first = await call("GET", "/v1/webhooks", { key })
    expect(first.headers).toMatchObject({
      "ratelimit-policy": '"management";q=3;w=1, "workspace";q=9;w=1',
      ratelimit: '"management";r=2;t=1, "workspace";r=8;t=1',
    })
    await call("GET", "/v1/webhooks", { key })
    await call("GET", "/v1/webhooks", { key })
    const refused = await call("GET", "/v1/webhooks", { key })
    expect(refused).toMatchObject({ status: 429, json: { code: "rate_limited" } })
    expect(refused.headers).toMatchObject({ "retry-after": "1", ratelimit: '"management";r=0;t=1' })
    expect((await call("GET", "/v1/webhooks", { key: other })).status).toBe(200)
    const published = await call("POST", "/v1/events", { key, body: violationEvent })
    expect(published.status).toBe(202)
    expect(published.headers).not.toHaveProperty("ratelimit")
  })

  it("limits all keys of a workspace together to three times as much, and refuses no other", async () => {
    const { call, workspaceKey } = await runApi({ managementRequestsPerSecond: 3 })
    const key = await workspaceKey()
    const others: string[] = []
    for (const name of ["b", "c", "d"])
      others.push(text((await call("POST", "/v1/api-keys", { key, body: { name } })).json.key))
    const [b = "", c = "", d = ""] = others
    for (const each of [b, b, b, c, c, c]) expect((await call("GET", "/v1/webhooks", { key: each })).status).toBe(200)
    const refused = await call("GET", "/v1/webhooks", { key: d })
    expect(refused).toMatchObject({ status: 429, json: { code: "rate_limited" } })
    expect(refused.text).toContain("workspace")
    expect(refused.headers).toMatchObject({
      "retry-after": "1",
      "ratelimit-policy": '"management";q=3;w=1, "workspace";q=9;w=1',
      ratelimit: '"management";r=2;t=1, "workspace";r=0;t=1',
    })
    expect((await call("GET", "/v1/webhooks", { key: await workspaceKey() })).status).toBe(200)
    expect((await call("POST", "/v1/events", { key, body: violationEvent })).status).toBe(202)
  })

  it("counts nothing for the workspace of what the key itself may not, and of the admin's only the admin's own", async () => {
    const { call, workspaceKey } = await runApi({ managementRequestsPerSecond: 3 })
    const key = await workspaceKey()
    const other = text((await call("POST", "/v1/api-keys", { key, body: { name: "other" } })).json.key)
    for (let n = 0; n < 10; n++) await call("GET", "/v1/webhooks", { key })
    const answer = await call("GET", "/v1/webhooks", { key: other })
    expect(answer.status).toBe(200)
    expect(answer.headers.ratelimit).toBe('"management";r=2;t=1, "workspace";r=5;t=1')
    const admin = await call("GET", "/v1/workspaces", { key: adminKey })
    expect(admin.headers["ratelimit-policy"]).toBe('"management";q=3;w=1')
  })
})

describe("workspaces", () => {
  it("are made, shown, renamed and deleted, with all that is in them", async () => {
    const { call } = await runApi()
    const key = adminKey
    const body = { name: "acme", profile: "cybervault", engine_version: "ai_v3.1" }
    const made = await call("POST", "/v1/workspaces", { key, body })
    const id = text(made.json.id)
    const inner = text(object(made.json.api_key).key)
    expect(made).toMatchObject({ status: 201, headers: { location: `/v1/workspaces/${id}` }, json: body })
    expect(list(await call("GET", "/v1/workspaces", { key })).map((each) => each.id)).toEqual([id])
    const renamed = await call("PATCH", `/v1/workspaces/${id}`, { key, body: { name: "Acme", engine_version: null } })
    expect(renamed.json).toMatchObject({ id, name: "Acme", engine_version: null, profile: "cybervault" })
    expect((await call("PATCH", `/v1/workspaces/${id}`, { key, body: { profile: "standard" } })).pointers).toEqual([
      "/profile",
    ])
    expect((await call("DELETE", `/v1/workspaces/${id}`, { key })).status).toBe(204)
    expect((await call("GET", `/v1/workspaces/${id}`, { key })).status).toBe(404)
    expect((await call("GET", "/v1/webhooks", { key: inner })).status).toBe(401)
  })

  it.each([
    [{ name: "a" }, ["/profile"]],
    [{ profile: "standard" }, ["/name"]],
    [{ name: "a", profile: "other" }, ["/profile"]],
    [{ name: "x".repeat(101), profile: "standard" }, ["/name"]],
    [{ name: "a", profile: "standard", id: "ws_1" }, ["/id"]],
  ])("refuses %j", async (body, pointers) => {
    const { call } = await runApi()
    expect(await call("POST", "/v1/workspaces", { key: adminKey, body })).toMatchObject({ status: 422, pointers })
    expect(list(await call("GET", "/v1/workspaces", { key: adminKey }))).toEqual([])
  })

  it("are paged newest first without gap or repetition", async () => {
    const { call, workspaceKey } = await runApi()
    for (let at = 0; at < 5; at++) await workspaceKey()
    const seen: unknown[] = []
    let cursor: unknown = null
    do {
      const page = await call("GET", `/v1/workspaces?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`, {
        key: adminKey,
      })
      seen.push(...list(page).map(({ id }) => id))
      cursor = page.json.next_cursor
    } while (cursor !== null)
    expect(seen).toHaveLength(5)
    expect(seen).toEqual([...new Set(seen)].sort().reverse())
  })
})

describe("the audit log", () => {
  it("has every change, by whom and from where, and no secret", async () => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key, { headers: { Authorization: "Bearer s3cr3t-token" } })
    await call("PUT", `/v1/webhooks/${id}`, { key, body: { secret: "another-secret", active: false } })
    await call("GET", `/v1/webhooks/${id}/secret`, { key })
    await call("DELETE", `/v1/webhooks/${id}`, { key })
    const log = await call("GET", "/v1/audit-log", { key })
    expect(list(log).map(({ action }) => action)).toEqual([
      "webhook.deleted",
      "webhook.secret_revealed",
      "webhook.updated",
      "webhook.created",
      "workspace.created",
    ])
    const updated = list(log)[2]
    expect(updated).toMatchObject({
      actor: { kind: "api_key", name: "first key" },
      address: "127.0.0.1",
      subject: id,
      before: { active: true, headers: { Authorization: "********" } },
      after: { active: false, secret: "changed" },
    })
    expect(log.text).not.toMatch(/s3cr3t-token|another-secret|your-webhook-secret/)
    const everything = list(await call("GET", "/v1/audit-log?limit=200", { key: adminKey }))
    expect(everything).toHaveLength(5)
    const other = await workspaceKey()
    expect(list(await call("GET", "/v1/audit-log", { key: other })).map(({ action }) => action)).toEqual([
      "workspace.created",
    ])
  })

  it("can be exported whole, each line checkable by its hash, and says whether it is intact", async () => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key, { headers: { Authorization: "Bearer s3cr3t-token" } })
    await call("GET", `/v1/webhooks/${id}/secret`, { key })
    const listed = list(await call("GET", "/v1/audit-log", { key }))
    const exported = await call("GET", "/v1/audit-log/export", { key })
    expect(exported.headers["content-type"]).toBe("application/x-ndjson")
    expect(exported.text).not.toMatch(/s3cr3t-token|your-webhook-secret/)
    const lines = exported.text.trimEnd().split("\n")
    expect(lines.map((line) => JSON.parse(line))).toEqual(listed.toReversed())
    let previous = "0".repeat(64)
    for (const line of lines) {
      // What is hashed is the line without its own hash: nothing of Tocsin's is needed to check it.
      const { hash, previous_hash } = JSON.parse(line)
      expect(previous_hash).toBe(previous)
      expect(
        createHash("sha256")
          .update(line.replace(`"hash":"${hash}",`, ""))
          .digest("hex"),
      ).toBe(hash)
      previous = hash
    }
    expect((await call("GET", "/v1/audit-log/verification", { key })).json).toMatchObject({
      intact: true,
      records: 3,
      head: previous,
      broken_at: null,
      because: null,
    })
  })

  it("shows to the admin key any workspace's chain, to a workspace's key only its own", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    await workspaceKey()
    const [theirs, ours] = list(await call("GET", "/v1/audit-log", { key: adminKey })).map((each) => each.workspace_id)
    for (const path of ["/v1/audit-log/export", "/v1/audit-log/verification"]) {
      expect((await call("GET", `${path}?workspace_id=${ours}`, { key })).status).toBe(200)
      expect((await call("GET", `${path}?workspace_id=${theirs}`, { key })).json.code).toBe("not_found")
      expect((await call("GET", `${path}?workspace_id=${theirs}`, { key: adminKey })).text).toContain(theirs)
      expect((await call("GET", path, { key: adminKey })).pointers).toEqual(["/workspace_id"])
    }
  })

  it("that was tampered with is said to be so", async () => {
    let tampering = false
    const { call, workspaceKey } = await runApi({
      wrapStore: (store) => ({
        ...store,
        auditChain: async (workspaceId, after, limit) => {
          const records = await store.auditChain(workspaceId, after, limit)
          return tampering ? records.map((record) => ({ ...record, address: "192.0.2.66" })) : records
        },
      }),
    })
    const key = await workspaceKey()
    expect((await call("GET", "/v1/audit-log/verification", { key })).json.intact).toBe(true)
    tampering = true
    expect((await call("GET", "/v1/audit-log/verification", { key })).json).toMatchObject({
      intact: false,
      broken_at: 1,
      because: "altered",
    })
  })
})

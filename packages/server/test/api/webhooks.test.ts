import { describe, expect, it } from "vitest"
import configuration from "../fixtures/documents/policycortex-webhook-configuration.json" with { type: "json" }
import { answered, documented, list, object, runApi, sharedApi, text, violationEvent } from "./running-api.ts"

describe("registering a webhook", () => {
  const shared = sharedApi()

  it("takes the documented configuration and shows it with what holds by default, never the secret", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const made = await call("POST", "/v1/webhooks", { key, body: configuration })
    const { secret, ...shown } = configuration
    expect(made).toMatchObject({
      status: 201,
      json: { ...shown, retry_config: { ...shown.retry_config, initial_delay_seconds: 5 } },
    })
    expect(made.json).toMatchObject({
      status: "active",
      disabled_reason: null,
      ordering: "strict",
      rate_limit: null,
      consecutive_failures: 0,
      last_success_at: null,
      backlog: 0,
    })
    expect(made.text).not.toContain(secret)
    expect(made.headers.location).toBe(`/v1/webhooks/${made.json.id}`)
    const got = await call("GET", `/v1/webhooks/${made.json.id}`, { key })
    expect(got.json).toEqual(made.json)
    expect(list(await call("GET", "/v1/webhooks", { key }))).toEqual([made.json])
  })

  it("shows a secret only in the answer that generated it", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey("standard")
    const made = await call("POST", "/v1/webhooks", { key, body: { url: "https://r.example/", events: ["*"] } })
    expect(made.json.secret).toMatch(/^whsec_/)
    expect(made.headers["cache-control"]).toBe("no-store")
    const { id, secret } = made.json
    expect((await call("GET", `/v1/webhooks/${id}`, { key })).text).not.toContain(text(secret))
    expect((await call("GET", `/v1/webhooks/${id}/secret`, { key })).json).toEqual({ secret, previous: null })
  })

  const long = `https://r.example/${"x".repeat(2048)}`
  const manyHeaders = Object.fromEntries(Array.from({ length: 21 }, (_, at) => [`X-${at}`, "v"]))
  const bad: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
    ["no url", { url: undefined }, ["/url"]],
    ["http", { url: "http://receiver.example/" }, ["/url"]],
    ["no URL at all", { url: "receiver" }, ["/url"]],
    ["another scheme", { url: "ftp://receiver.example/" }, ["/url"]],
    ["too long a URL", { url: long }, ["/url"]],
    ["credentials in the URL", { url: "https://me:pw@receiver.example/" }, ["/url"]],
    ["a fragment", { url: "https://receiver.example/#part" }, ["/url"]],
    ["loopback", { url: "https://127.0.0.1/" }, ["/url"]],
    ["a private address", { url: "https://10.1.2.3/" }, ["/url"]],
    ["link-local", { url: "https://169.254.1.1/" }, ["/url"]],
    ["the metadata service", { url: "https://169.254.169.254/latest" }, ["/url"]],
    ["loopback in IPv6", { url: "https://[::1]/" }, ["/url"]],
    ["loopback mapped into IPv6", { url: "https://[::ffff:127.0.0.1]/" }, ["/url"]],
    ["loopback as a number", { url: "https://2130706433/" }, ["/url"]],
    ["no events", { events: [] }, ["/events"]],
    ["events missing", { events: undefined }, ["/events"]],
    ["an unknown type", { events: ["policy.violation.created", "policy.nothing"] }, ["/events/1"]],
    ["an unknown family", { events: ["nothing.*"] }, ["/events/0"]],
    ["a type twice", { events: ["scan.failed", "scan.failed"] }, ["/events"]],
    ["a pattern that is none", { events: ["*.created"] }, ["/events/0"]],
    ["no secret where it is required", { secret: undefined }, ["/secret"]],
    ["a null secret", { secret: null }, ["/secret"]],
    ["a short secret", { secret: "1234567" }, ["/secret"]],
    ["a long secret", { secret: "x".repeat(257) }, ["/secret"]],
    ["an unprintable secret", { secret: "12345678\n" }, ["/secret"]],
    ["a whsec_ that is no base64", { secret: "whsec_!!!!!!!!" }, ["/secret"]],
    ["a whsec_ of too few bytes", { secret: "whsec_MTIzNDU2Nzg=" }, ["/secret"]],
    ["timeout 0", { timeout_seconds: 0 }, ["/timeout_seconds"]],
    ["a timeout over the profile's", { timeout_seconds: 31 }, ["/timeout_seconds"]],
    ["21 headers", { headers: manyHeaders }, ["/headers"]],
    ["a header that is no token", { headers: { "X Y": "v" } }, ["/headers/X Y"]],
    ["a line break in a header", { headers: { "X-A": "v\r\nX-B: w" } }, ["/headers/X-A"]],
    ["a header that is no text", { headers: { "X-A": 1 } }, ["/headers/X-A"]],
    ["Host", { headers: { Host: "a" } }, ["/headers/Host"]],
    ["Content-Length", { headers: { "content-length": "1" } }, ["/headers/content-length"]],
    ["Transfer-Encoding", { headers: { "Transfer-Encoding": "chunked" } }, ["/headers/Transfer-Encoding"]],
    ["Connection", { headers: { Connection: "close" } }, ["/headers/Connection"]],
    ["webhook-id", { headers: { "Webhook-Id": "x" } }, ["/headers/Webhook-Id"]],
    ["the profile's own", { headers: { "x-policycortex-signature": "x" } }, ["/headers/x-policycortex-signature"]],
    ["a header in two cases", { headers: { "X-A": "1", "x-a": "2" } }, ["/headers/x-a"]],
    ["a mask in place of a value", { headers: { Authorization: "********" } }, ["/headers/Authorization"]],
    ["0 attempts", { retry_config: { max_attempts: 0 } }, ["/retry_config/max_attempts"]],
    ["21 attempts", { retry_config: { max_attempts: 21 } }, ["/retry_config/max_attempts"]],
    ["growth below 1", { retry_config: { backoff_multiplier: 0.5 } }, ["/retry_config/backoff_multiplier"]],
    ["growth over 10", { retry_config: { backoff_multiplier: 11 } }, ["/retry_config/backoff_multiplier"]],
    ["a delay of 0", { retry_config: { initial_delay_seconds: 0 } }, ["/retry_config/initial_delay_seconds"]],
    [
      "a delay over an hour",
      { retry_config: { initial_delay_seconds: 3601 } },
      ["/retry_config/initial_delay_seconds"],
    ],
    ["an unknown retry setting", { retry_config: { tries: 3 } }, ["/retry_config/tries"]],
    ["half a rate limit", { rate_limit: { requests: 1 } }, ["/rate_limit/per_seconds"]],
    ["a rate of 0", { rate_limit: { requests: 0, per_seconds: 1 } }, ["/rate_limit/requests"]],
    ["an unknown order", { ordering: "random" }, ["/ordering"]],
    ["an unknown filter", { filters: { regions: ["eu"] } }, ["/filters/regions"]],
    ["a filter that is no list", { filters: { severity: "HIGH" } }, ["/filters/severity"]],
    ["a description that is no text", { description: 5 }, ["/description"]],
    ["active that is no truth value", { active: null }, ["/active"]],
    ["an unknown field", { endpoint: "x" }, ["/endpoint"]],
    ["a field that only answers have", { status: "active" }, ["/status"]],
  ]

  it.each(bad)("refuses %s and keeps nothing", async (_name, settings, pointers) => {
    const { call, workspaceKey, store } = shared()
    const key = await workspaceKey()
    const webhooks = async () => (await store.loadConfig()).webhooks
    const before = await webhooks()
    const answer = await call("POST", "/v1/webhooks", { key, body: { ...documented, ...settings } })
    expect(answer).toMatchObject({ status: 422, pointers, json: { code: "validation_failed" } })
    expect(await webhooks()).toEqual(before)
  })

  it.each(bad.filter(([, settings]) => !Object.values(settings).includes(undefined)))(
    "refuses %s in an update too, and changes nothing",
    async (_name, settings, pointers) => {
      const { call, workspaceKey, webhook } = shared()
      const key = await workspaceKey()
      const before = await webhook(key)
      const answer = await call("PUT", `/v1/webhooks/${before.id}`, { key, body: settings })
      expect(answer).toMatchObject({ status: 422, pointers })
      expect((await call("GET", `/v1/webhooks/${before.id}`, { key })).json).toEqual(before)
    },
  )
})

describe("a refusal", () => {
  it("names every value that may stand there, null too", async () => {
    const { call, workspaceKey } = await runApi()
    const body = { ...documented, ordering: "random" }
    const { json } = await call("POST", "/v1/webhooks", { key: await workspaceKey(), body })
    expect(json.errors).toEqual([{ pointer: "/ordering", detail: "must be one of: strict, by_key, none, null" }])
  })
})

describe("changing a webhook", () => {
  it("merges: the documented update leaves the rest as it was", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const { json: before } = await call("POST", "/v1/webhooks", { key, body: configuration })
    const body = { active: false, events: ["policy.violation.created"] }
    const { status, json } = await call("PUT", `/v1/webhooks/${before.id}`, { key, body })
    expect(status).toBe(200)
    expect(json).toEqual({ ...before, ...body, status: "inactive", updated: json.updated })
  })

  it("resets an optional setting with null, by PATCH as by PUT", async () => {
    const { call, workspaceKey } = await runApi()
    const key = await workspaceKey()
    const { json: before } = await call("POST", "/v1/webhooks", {
      key,
      body: { ...configuration, description: "x", ordering: "none", rate_limit: { requests: 1, per_seconds: 2 } },
    })
    const names = ["description", "filters", "retry_config", "timeout_seconds", "headers", "ordering", "rate_limit"]
    const body = Object.fromEntries(names.map((name) => [name, null]))
    const { json } = await call("PATCH", `/v1/webhooks/${before.id}`, { key, body })
    expect(json).toMatchObject({
      description: null,
      filters: null,
      retry_config: { max_attempts: 15, backoff_multiplier: 2, initial_delay_seconds: 5 },
      timeout_seconds: 30,
      headers: {},
      ordering: "strict",
      rate_limit: null,
    })
  })

  it("masks credentials, and takes a mask sent back for the value behind it", async () => {
    const { call, workspaceKey, webhook, receivers } = await runApi()
    const key = await workspaceKey()
    const made = await webhook(key, { headers: { Authorization: "Bearer s3cr3t", "X-Plain": "plain" } })
    expect(made.headers).toEqual({ Authorization: "********", "X-Plain": "plain" })
    const body = { headers: { authorization: "********", "X-Plain": "other" } }
    const updated = await call("PUT", `/v1/webhooks/${made.id}`, { key, body })
    expect(updated.json.headers).toEqual({ authorization: "********", "X-Plain": "other" })
    const tested = await call("POST", `/v1/webhooks/${made.id}/test`, { key })
    expect(receivers.requests[0]?.headers).toContainEqual(["authorization", "Bearer s3cr3t"])
    expect(tested.text).not.toContain("s3cr3t")
  })

  it("enables one that was disabled when it is set active, and notes when it resumed", async () => {
    const { call, workspaceKey, webhook, engine, receivers, clock } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    receivers.answer = () => answered(410)
    await call("POST", "/v1/events", { key, body: violationEvent })
    await clock.advance(1_000)
    const gone = await call("GET", `/v1/webhooks/${id}`, { key })
    expect(gone.json).toMatchObject({
      status: "disabled",
      disabled_reason: "gone",
      active: true,
      consecutive_failures: 1,
    })
    await clock.advance(1_000)
    const renamed = await call("PUT", `/v1/webhooks/${id}`, { key, body: { description: "still gone" } })
    expect(renamed.json.status).toBe("disabled")
    const back = await call("PUT", `/v1/webhooks/${id}`, { key, body: { active: true } })
    expect(back.json).toMatchObject({ status: "active", disabled_reason: null, disabled_at: null })
    const [workspace] = engine.registry.workspaces()
    const [record] = workspace ? engine.registry.webhooks(workspace.id) : []
    expect(record?.resumedAtMs).toBe(clock.now())
  })

  it("is not said to be disabled by a test that was answered 410, for it is not", async () => {
    const { call, workspaceKey, webhook, receivers } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    receivers.answer = () => answered(410)
    const { json } = await call("POST", `/v1/webhooks/${id}/test`, { key })
    expect(json.delivered).toBe(false)
    expect(JSON.stringify(json)).toContain("says it is gone for good (410): a delivery")
    expect((await call("GET", `/v1/webhooks/${id}`, { key })).json.status).toBe("active")
  })

  it("has its workspace's tests and verifications wait for those that are not answered, and no other's", async () => {
    const { call, workspaceKey, webhook, receivers } = await runApi()
    const [key, neighbour] = [await workspaceKey(), await workspaceKey()]
    const [{ id }, { id: other }] = [await webhook(key), await webhook(neighbour)]
    const answers = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    receivers.answer = async () => {
      if (receivers.requests.length === 20) begun.resolve()
      await answers.promise
      return answered(200)
    }
    const tests = Array.from({ length: 20 }, () => call("POST", `/v1/webhooks/${id}/test`, { key }))
    await begun.promise
    const refused = await Promise.all(
      ["test", "verify"].map((probe) => call("POST", `/v1/webhooks/${id}/${probe}`, { key })),
    )
    for (const { status, json, headers } of refused)
      expect([status, json.code, headers["retry-after"]]).toEqual([429, "rate_limited", "5"])
    const allowed = call("POST", `/v1/webhooks/${other}/test`, { key: neighbour })
    answers.resolve()
    for (const { json } of await Promise.all([...tests, allowed])) expect(json.delivered).toBe(true)
    expect((await call("POST", `/v1/webhooks/${id}/test`, { key })).json.delivered).toBe(true)
  })

  it("deletes, after which it is gone", async () => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    expect(await call("DELETE", `/v1/webhooks/${id}`, { key })).toMatchObject({ status: 204, text: "" })
    expect((await call("GET", `/v1/webhooks/${id}`, { key })).status).toBe(404)
    expect((await call("DELETE", `/v1/webhooks/${id}`, { key })).status).toBe(404)
    expect(list(await call("GET", "/v1/webhooks", { key }))).toEqual([])
  })

  it("keeps both of two changes made at once", async () => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    const bodies = [{ description: "mine" }, { timeout_seconds: 7 }, { ordering: "none" }]
    const answers = await Promise.all(bodies.map((body) => call("PUT", `/v1/webhooks/${id}`, { key, body })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const { json } = await call("GET", `/v1/webhooks/${id}`, { key })
    expect(json).toMatchObject({ description: "mine", timeout_seconds: 7, ordering: "none" })
  })

  it("answers 409 when others are always first", async () => {
    const { call, workspaceKey, webhook } = await runApi({
      wrapStore: (store) => ({
        ...store,
        configure: async (changes, audit) =>
          changes.some((each) => each.kind === "webhook" && each.put.version > 1)
            ? "conflict"
            : store.configure(changes, audit),
      }),
    })
    const key = await workspaceKey()
    const { id } = await webhook(key)
    const answer = await call("PUT", `/v1/webhooks/${id}`, { key, body: { active: false } })
    expect(answer).toMatchObject({ status: 409, json: { code: "conflict" } })
  })
})

describe("testing and verifying", () => {
  it("sends the asked type's sample now and tells all about it", async () => {
    const { call, workspaceKey, webhook, receivers } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    receivers.answer = () => answered(500, "oops")
    const body = { event_type: "policy.violation.created" }
    const { status, json } = await call("POST", `/v1/webhooks/${id}/test`, { key, body })
    expect(status).toBe(200)
    expect(json).toMatchObject({
      delivered: false,
      status_code: 500,
      duration_ms: 12,
      error: { code: "non_2xx" },
      request: { headers: { "X-PolicyCortex-Test": "true" } },
      response: { headers: { "content-type": "text/plain" }, body: "oops" },
    })
    expect(JSON.parse(text(object(json.request).body))).toMatchObject({ type: "policy.violation.created" })
    expect(object(object(json.request).headers)["X-PolicyCortex-Signature"]).toMatch(/^sha256=[0-9a-f]{64}$/)
    expect(list(await call("GET", "/v1/deliveries", { key }))).toEqual([])
  })

  it("needs no body, tells what never answered, and refuses unknown types", async () => {
    const { call, workspaceKey, webhook, receivers } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key, { events: ["scan.*"] })
    receivers.answer = () => ({
      durationMs: 3,
      response: null,
      failure: { code: "connection_refused", message: "refused" },
    })
    const { json } = await call("POST", `/v1/webhooks/${id}/test`, { key })
    expect(json).toMatchObject({
      delivered: false,
      status_code: null,
      error: { code: "connection_refused" },
      response: null,
    })
    expect(JSON.parse(text(object(json.request).body))).toMatchObject({ type: "scan.completed" })
    const unknown = await call("POST", `/v1/webhooks/${id}/test`, { key, body: { event_type: "no.such" } })
    expect(unknown).toMatchObject({ status: 422, pointers: ["/event_type"] })
  })

  it("holds deliveries until the endpoint has verified itself, and again for a new URL", async () => {
    const { call, workspaceKey, webhook, receivers, clock } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key, { verification: { enabled: true } })
    await call("POST", "/v1/events", { key, body: violationEvent })
    await clock.advance(1_000)
    expect(list(await call("GET", "/v1/deliveries", { key }))).toMatchObject([
      { status: "held", next_attempt_at: null },
    ])
    expect(receivers.requests).toEqual([])

    receivers.answer = () => answered(404)
    expect((await call("POST", `/v1/webhooks/${id}/verify`, { key })).json).toMatchObject({
      delivered: false,
      status: "unverified",
    })
    receivers.answer = () => answered(200)
    expect((await call("POST", `/v1/webhooks/${id}/verify`, { key })).json).toMatchObject({
      delivered: true,
      status: "active",
    })
    await clock.advance(1_000)
    expect(list(await call("GET", "/v1/deliveries", { key }))).toMatchObject([{ status: "delivered" }])

    const same = await call("PUT", `/v1/webhooks/${id}`, { key, body: { url: documented.url } })
    expect(same.json.status).toBe("active")
    const moved = await call("PUT", `/v1/webhooks/${id}`, { key, body: { url: "https://other.example/" } })
    expect(moved.json).toMatchObject({ status: "unverified", verification: { enabled: true, verified_at: null } })
  })
})

describe("secrets", () => {
  it("rotate with an overlap, and are shown only when generated or asked for", async () => {
    const { call, workspaceKey, webhook, clock } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    const given = await call("POST", `/v1/webhooks/${id}/rotate-secret`, {
      key,
      body: { secret: "new-secret-1", overlap_seconds: 60 },
    })
    expect(given.json).toEqual({ id, previous_valid_until: new Date(clock.now() + 60_000).toISOString() })
    expect((await call("GET", `/v1/webhooks/${id}/secret`, { key })).json).toMatchObject({
      secret: "new-secret-1",
      previous: { secret: "your-webhook-secret" },
    })
    await clock.advance(60_000)
    expect((await call("GET", `/v1/webhooks/${id}/secret`, { key })).json.previous).toBeNull()
    const generated = await call("POST", `/v1/webhooks/${id}/rotate-secret`, { key })
    expect(generated.headers["cache-control"]).toBe("no-store")
    const secret = text(generated.json.secret)
    expect(generated.json.previous_valid_until).toBe(new Date(clock.now() + 86_400_000).toISOString())
    expect((await call("GET", `/v1/webhooks/${id}/secret`, { key })).json.secret).toBe(secret)
    expect((await call("GET", "/v1/audit-log", { key })).text).not.toContain(secret)
  })

  it("keep the overlap when a rotation is asked for again, or the present secret is sent with the rest", async () => {
    const { call, workspaceKey, webhook, clock } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    const at = `/v1/webhooks/${id}`
    const rotate = async (overlap: number) => {
      const body = { secret: "new-secret-1", overlap_seconds: overlap }
      return (await call("POST", `${at}/rotate-secret`, { key, body })).json
    }
    const shown = async () => (await call("GET", `${at}/secret`, { key })).json
    await rotate(60)
    const validUntil = new Date(clock.now() + 120_000).toISOString()
    expect(await rotate(120)).toEqual({ id, previous_valid_until: validUntil })
    const both = { secret: "new-secret-1", previous: { secret: "your-webhook-secret", valid_until: validUntil } }
    expect(await shown()).toEqual(both)
    const { url, events } = (await call("GET", at, { key })).json
    const whole = { url, events, secret: "new-secret-1" }
    expect((await call("PUT", at, { key, body: whole })).status).toBe(200)
    expect(await shown()).toEqual(both)

    expect(await rotate(0)).toEqual({ id, previous_valid_until: null })
    expect(await shown()).toEqual({ secret: "new-secret-1", previous: null })
    expect(await rotate(60)).toEqual({ id, previous_valid_until: null })
    expect(await shown()).toEqual({ secret: "new-secret-1", previous: null })
  })

  it.each([
    [{ secret: "short" }, "/secret"],
    [{ overlap_seconds: -1 }, "/overlap_seconds"],
    [{ overlap: 5 }, "/overlap"],
  ])("refuse %j and stay", async (body, pointer) => {
    const { call, workspaceKey, webhook } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    expect(await call("POST", `/v1/webhooks/${id}/rotate-secret`, { key, body })).toMatchObject({
      status: 422,
      pointers: [pointer],
    })
    expect((await call("GET", `/v1/webhooks/${id}/secret`, { key })).json.secret).toBe("your-webhook-secret")
  })
})

describe("statistics", () => {
  it("count what happened in the window", async () => {
    const { call, workspaceKey, webhook, clock, receivers } = await runApi()
    const key = await workspaceKey()
    const { id } = await webhook(key)
    await call("POST", "/v1/events", { key, body: violationEvent })
    await clock.advance(1_000)
    receivers.answer = () => answered(500)
    await call("POST", "/v1/events", { key, body: violationEvent })
    await clock.advance(1_000)
    const { json } = await call("GET", `/v1/webhooks/${id}/stats?window=1h&points=4`, { key })
    expect(json).toMatchObject({
      window: "1h",
      by_status: { delivered: 1, retrying: 1, pending: 0 },
      attempts: { succeeded: 1, failed: 1 },
      success_rate: 0.5,
      latency_ms: { p50: 11.3, p95: 11.3, p99: 11.3 },
    })
    expect(
      list({ ...(await call("GET", `/v1/webhooks/${id}/stats`, { key })), json: { data: json.series } }),
    ).toMatchObject([
      { delivered: 0, latency_ms: null },
      { delivered: 0, latency_ms: null },
      { delivered: 0, latency_ms: null },
      { delivered: 1, failed: 1, latency_ms: { p50: 11.3 } },
    ])
    const shown = await call("GET", `/v1/webhooks/${id}`, { key })
    expect(shown.json).toMatchObject({ consecutive_failures: 1, backlog: 1 })
    expect(shown.json.last_success_at).not.toBeNull()
    for (const window of ["0h", "91d", "24", "1y"]) {
      expect((await call("GET", `/v1/webhooks/${id}/stats?window=${window}`, { key })).pointers).toEqual(["/window"])
    }
  })
})

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { verifyCyberVault, verifyPolicyCortex } from "@tocsin/client"
import { beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { startPostgres } from "../postgres/postgres-server.ts"
import { openReceiver, type ReceivedRequest, type ReceiverOptions, unusedPort } from "../receiver.ts"
import { eventually, isObject, type Json, member, members, Workspace } from "./api-calls.ts"
import { type Environment, runCommand, startCommand } from "./cli-process.ts"
import { adminKey, newDataDirectory, spawnServer, startServer } from "./server-process.ts"

let address = ""
const directory = newDataDirectory()

beforeAll(async () => {
  address = (await startServer({ TOCSIN_DATA_DIR: directory })).address
})

/** A workspace as the command line sees it: through its environment. */
async function workspace(profile: "policycortex" | "cybervault" = "policycortex") {
  const created = await Workspace.create(address, profile)
  const environment: Environment = { TOCSIN_URL: address, TOCSIN_KEY: created.key }
  return {
    api: created,
    environment,
    run: (...words: string[]) => runCommand(words, environment),
    /** What a command prints for programs. */
    json: async (...words: string[]): Promise<Json> => {
      const { code, out, err } = await runCommand([...words, "--json"], environment)
      if (code !== 0) throw new Error(`tocsin ${words.join(" ")} ended with ${code}: ${err}`)
      const value: unknown = JSON.parse(out)
      if (!isObject(value)) throw new Error(`tocsin ${words.join(" ")} printed no object`)
      return value
    },
  }
}

async function receiver(options: ReceiverOptions = {}) {
  const opened = await openReceiver(options)
  onTestFinished(() => opened.close())
  return opened
}

function temporaryDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), "tocsin-cli-"))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** As a receiver's log keeps a request. */
function captured({ headerList, body }: ReceivedRequest) {
  const at = temporaryDirectory()
  const [headers, bodyFile] = [join(at, "headers.txt"), join(at, "body.json")]
  writeFileSync(headers, headerList.map(([name, value]) => `${name}: ${value}\n`).join(""))
  writeFileSync(bodyFile, body)
  return { headers, body: bodyFile }
}

describe("tocsin listen", () => {
  it("brings a workspace's events to a developer's receiver, signed and with the profile's headers", async () => {
    const { environment, run } = await workspace("cybervault")
    const hook = await receiver({ replies: [200, { status: 503, body: "\u001b[31mbusy" }] })
    const listening = startCommand(
      ["listen", "--forward-to", `${hook.origin}/hook`, "--events", "threat.*", "-H", "X-Dev: me"],
      environment,
    )
    const [, secret = ""] = await listening.says(/Signed with (whsec_\S+)\n/)
    expect((await run("listen", "--print-secret")).out).toBe(`${secret}\n`)

    expect((await run("trigger", "patch.deployed")).code).toBe(0)
    expect((await run("trigger", "threat.detected", "--set", "data.severity=low")).code).toBe(0)
    const [first] = await hook.arrived(1)
    if (first === undefined) throw new Error("nothing arrived")
    const headers = new Headers(first.headerList.map(([name, value]) => [name, value]))
    // Throws for anything that a webhook's delivery would not be.
    const event = await verifyCyberVault({ body: first.body, headers }, { secret })
    expect(event).toMatchObject({ type: "threat.detected", data: { severity: "low" } })
    expect(first.path).toBe("/hook")
    expect(first.headerList.map(([name]) => name.toLowerCase())).toEqual(
      expect.arrayContaining(["x-dev", "x-cybervault-event", "x-cybervault-delivery", "x-cybervault-sequence"]),
    )
    expect(first.header("user-agent")).toBe("CyberVault-Webhooks/1.0")
    await listening.says(/threat\.detected {2}\S+ {2}-> {2}200/)

    // This profile's 503 is shown with the reason; what the receiver says is not obeyed by the terminal.
    await run("trigger", "threat.detected")
    await listening.says(/-> {2}503[\s\S]*non_2xx[\s\S]*200 or 201[\s\S]*< \\u\{1b\}\[31mbusy/)
    expect(await listening.interrupt()).toMatchObject({ code: 0, err: "" })
    expect(hook.received).toHaveLength(2)
  })

  it("says why nobody is there, and prints for programs what is sent", async () => {
    const { environment, run } = await workspace()
    const port = await unusedPort()
    const listening = startCommand(["listen", "-f", `http://127.0.0.1:${port}/`, "--print", "--json"], environment)
    await listening.says(/"kind":"listening".*\n/)
    await run("trigger", "scan.completed", "--set", "data.scan.resources_scanned=9007199254740993")
    const [line] = await listening.says(/\{"kind":"event".*(?=\n)/)
    const told: unknown = JSON.parse(line)
    expect(told).toMatchObject({
      event: { type: "scan.completed", payload: expect.stringContaining('"resources_scanned":9007199254740993') },
      forwarded: {
        delivered: false,
        status_code: null,
        error: { code: "connection_refused" },
        request_headers: { "X-PolicyCortex-Event": "scan.completed" },
      },
    })
    expect((await listening.interrupt()).code).toBe(0)
  })

  it("connects again, and looks up what was accepted meanwhile", async () => {
    const port = String(await unusedPort())
    const settings = { TOCSIN_DATA_DIR: newDataDirectory(), TOCSIN_PORT: port }
    const before = await startServer(settings)
    const { key } = await Workspace.create(before.address, "policycortex")
    const environment = { TOCSIN_URL: before.address, TOCSIN_KEY: key }
    const hook = await receiver()
    const listening = startCommand(["listen", "-f", hook.origin], environment)
    await listening.says(/Listening/)
    await runCommand(["trigger", "user.login"], environment)
    await hook.arrived(1)
    await before.kill()

    await startServer(settings)
    // At once: the listener waits before it tries again, so this one passes while nobody listens.
    const missed = await new Workspace(before.address, "", key).post("/v1/events", {
      type: "scan.completed",
      data: { scan: { id: "s", name: "n", status: "completed", ...scanRest } },
    })
    const [first, second] = await hook.arrived(2, 30_000)
    expect([first?.header("x-policycortex-event"), second?.header("webhook-id")]).toEqual(["user.login", missed.id])
    expect((await listening.interrupt()).code).toBe(0)
    expect(hook.received).toHaveLength(2)
  })
})

const scanRest = {
  started_at: "2024-01-15T14:30:00Z",
  completed_at: "2024-01-15T15:00:00Z",
  duration: "30m",
  resources_scanned: 1,
  violations_found: 0,
  compliance_score: 1,
}

describe("tocsin webhooks, events, deliveries", () => {
  it("registers, tests, pauses, resumes, changes and deletes", async () => {
    const { run, json } = await workspace()
    const hook = await receiver({ replies: [{ status: 500, body: "not yet" }, 200] })
    const created = await json(
      "webhooks",
      "create",
      hook.origin,
      "--events",
      "policy.*,scan.completed",
      "--filter",
      "severity=HIGH",
    )
    const id = String(created.id)
    expect(created).toMatchObject({
      secret: expect.stringMatching(/^whsec_/),
      events: ["policy.*", "scan.completed"],
      filters: { severity: ["HIGH"] },
    })

    const failed = await run("webhooks", "test", id)
    expect(failed).toMatchObject({
      code: 1,
      out: expect.stringMatching(/not accepted {2}500[\s\S]*non_2xx[\s\S]*< not yet/),
    })
    expect(await run("webhooks", "test", id, "--type", "scan.completed")).toMatchObject({ code: 0 })

    expect((await run("webhooks", "pause", id)).out).toContain("inactive")
    const receipt = await json("trigger", "policy.violation.created")
    expect(members(receipt, "data")[0]).toMatchObject({ deliveries: 1 })
    expect(members(await json("deliveries", "list", "--status", "held"), "data")).toHaveLength(1)
    expect((await run("webhooks", "resume", id)).out).toContain("is active")
    await hook.arrived(3)

    const changed = await json(
      "webhooks",
      "update",
      id,
      "--max-attempts",
      "3",
      "--reset",
      "filters",
      "--description",
      "ours",
    )
    expect(changed).toMatchObject({ description: "ours", filters: null, retry_config: { max_attempts: 3 } })
    expect(members(await json("webhooks", "list"), "data")).toMatchObject([{ id, status: "active" }])
    expect((await run("webhooks", "list")).out).toMatch(/^WEBHOOK +STATUS +URL/)

    const rotated = await json("webhooks", "rotate-secret", id, "--overlap", "60")
    const shown = await json("webhooks", "show", id, "--secret")
    expect(member(shown, "secret")).toMatchObject({ secret: rotated.secret, previous: { secret: created.secret } })

    expect(await run("webhooks", "delete", id)).toMatchObject({ code: 2, err: expect.stringContaining("--yes") })
    expect(await run("webhooks", "delete", id, "--yes")).toMatchObject({ code: 0 })
    expect(await run("webhooks", "show", id)).toMatchObject({ code: 5 })
  })

  it("shows why a delivery failed, retries it, and replays with figures", async () => {
    const { api, run, json } = await workspace()
    const hook = await receiver({ replies: [{ status: 404, body: "wrong path" }] })
    const webhook = await json("webhooks", "create", hook.origin, "--max-attempts", "1")
    await json("trigger", "user.login", "--count", "3")
    await eventually(
      () => api.list("/v1/deliveries?status=exhausted"),
      (exhausted) => exhausted.length === 3,
    )
    const page = await json("deliveries", "list", "--status", "exhausted", "--limit", "2")
    expect(members(page, "data")).toHaveLength(2)
    const rest = await json("deliveries", "list", "--status", "exhausted", "--cursor", String(page.next_cursor))
    expect(rest).toMatchObject({ next_cursor: null, data: [{ status: "exhausted" }] })

    const id = String(members(rest, "data")[0]?.id)
    const shown = await run("deliveries", "show", id)
    expect(shown.out).toMatch(/attempt 1 .* 404 .* non_2xx[\s\S]*any 2xx status[\s\S]*< wrong path/)

    hook.reply(200)
    expect(members(await json("deliveries", "retry", id), "data")).toHaveLength(1)
    await hook.arrived(4)
    const replay = await json("replay", String(webhook.id), "--from", "1h", "--statuses", "exhausted")
    expect(replay).toMatchObject({ state: "completed", progress: { examined: 3, enqueued: 2 } })
    await hook.arrived(6)
    expect(await json("replays", "show", String(replay.id))).toMatchObject({ id: replay.id, state: "completed" })

    const event = await json("events", "show", String((await api.get(`/v1/deliveries/${id}`)).event_id))
    expect(event).toMatchObject({ type: "user.login", matches: [{ outcome: "sent" }] })
    expect((await run("events", "show", String(event.id), "--payload")).out).toBe(event.payload)
  })

  it("publishes data as it is written, from standard input too, and once per key", async () => {
    const { environment, api } = await workspace("cybervault")
    const data =
      '{"threat_id":"t","severity":"low","source_ip":"x","target_asset":"y","vector":"z","confidence":1.0,"mitre_id":"T","n":12345678901234567890}'
    const words = ["events", "publish", "threat.detected", "--data", "-", "--idempotency-key", "once", "--json"]
    const first: Json = JSON.parse((await runCommand(words, environment, `${data}\n`)).out)
    const again: Json = JSON.parse((await runCommand(words, environment, data)).out)
    expect([again.id, again.duplicate]).toEqual([first.id, true])
    expect((await api.get(`/v1/events/${first.id}`)).payload).toContain(data)
    expect(await runCommand(["events", "publish", "threat.detected", "--data", "[1]"], environment)).toMatchObject({
      code: 2,
      err: expect.stringContaining("JSON object"),
    })
    expect((await runCommand(["events", "publish", "threat.detected", "--data", "{}"], environment)).code).toBe(6)
  })

  it("watches events and attempts as they happen", async () => {
    const { environment, run } = await workspace()
    const hook = await receiver()
    await run("webhooks", "create", hook.origin, "--events", "user.*")
    const watching = startCommand(["events", "tail", "--events", "user.*", "--json"], environment)
    // Nothing on standard output tells that it watches, so something happens until it is seen.
    const seen = watching.says(/\{"kind":"attempt".*(?=\n)/)
    const trigger = setInterval(() => void run("trigger", "user.login"), 500)
    onTestFinished(() => clearInterval(trigger))
    expect(JSON.parse((await seen)[0])).toMatchObject({ attempt: { event_type: "user.login", status: "delivered" } })
    clearInterval(trigger)
    expect((await watching.interrupt()).code).toBe(0)
  })
})

describe("tocsin trigger", () => {
  it("says which types there are, for one that there is not", async () => {
    const { run } = await workspace()
    const refused = await run("trigger", "policy.violated")
    expect(refused).toMatchObject({ code: 5, out: "" })
    expect(refused.err).toMatch(
      /policy\.violated is no event type of this workspace[\s\S]*\n {2}policy\.violation\.created\n/,
    )
    const told: Json = JSON.parse((await run("trigger", "policy.violated", "--json")).err)
    expect(member(told, "error")).toMatchObject({ code: "not_found", exit_code: 5 })
  })

  it("says that a value was added, which a misspelt one is", async () => {
    const { run } = await workspace()
    const misspelt = await run("trigger", "policy.violation.created", "--set", "data.violation.severty=LOW")
    expect(misspelt).toMatchObject({
      code: 0,
      err: "tocsin: data.violation.severty is not in the sample; it was added.\n",
    })
    const right = await run("trigger", "policy.violation.created", "--set", "data.violation.severity=LOW")
    expect(right).toMatchObject({ code: 0, err: "" })
  })
})

describe("tocsin verify", () => {
  it("accepts what a webhook got, and tells what was done to it", async () => {
    const { run, environment, json } = await workspace()
    const hook = await receiver()
    const secret = "your-webhook-secret"
    await json("webhooks", "create", hook.origin, "--secret", secret)
    await run("trigger", "policy.violation.created")
    const [request] = await hook.arrived(1)
    if (request === undefined) throw new Error("nothing arrived")
    await verifyPolicyCortex(
      { body: request.body, headers: new Headers(request.headerList.map(([name, value]) => [name, value])) },
      { secret },
    )
    const files = captured(request)
    const verify = (...words: string[]) =>
      runCommand(["verify", "--headers", files.headers, "--json", ...words], { ...environment, WEBHOOK_SECRET: secret })
    const good = await verify("--body", files.body)
    expect([good.code, JSON.parse(good.out)]).toMatchObject([0, { valid: true, profile: "policycortex", findings: [] }])

    const findings = async (...words: string[]) => {
      const { code, out } = await verify(...words)
      const told: Json = JSON.parse(out)
      return { code, findings: members(told, "findings") }
    }
    expect(await findings("--body", files.body, "--secret", "not-the-secret", "--compare")).toMatchObject({
      code: 1,
      findings: [{ code: "wrong_secret", certain: true }],
    })
    expect(await findings("--body", files.body, "--at", "2020-01-01")).toMatchObject({
      code: 1,
      findings: [{ code: "timestamp_in_future" }],
    })
    writeFileSync(files.body, `${JSON.stringify(JSON.parse(request.text), null, 2)}\n`)
    expect(await findings("--body", files.body)).toMatchObject({ code: 1, findings: [{ code: "body_reserialised" }] })
    writeFileSync(files.body, request.text.replace("OPEN", "SHUT"))
    expect(await findings("--body", files.body, "--compare")).toMatchObject({
      code: 1,
      findings: [{ code: "body_changed", details: [expect.stringMatching(/sent "OPEN.*captured "SHUT/)] }],
    })
  })
})

describe("tocsin for operators", () => {
  it("makes workspaces and keys, and the keys do what they may", async () => {
    const admin = { TOCSIN_URL: address, TOCSIN_ADMIN_KEY: adminKey }
    const created: Json = JSON.parse(
      (await runCommand(["workspaces", "create", "acme", "--profile", "standard", "--json"], admin)).out,
    )
    const environment = { TOCSIN_URL: address, TOCSIN_KEY: String(member(created, "api_key").key) }
    const key: Json = JSON.parse(
      (await runCommand(["keys", "create", "reader", "--scopes", "events:read", "--json"], environment)).out,
    )
    const reader = { TOCSIN_URL: address, TOCSIN_KEY: String(key.key) }
    expect((await runCommand(["events", "list"], reader)).code).toBe(0)
    expect(await runCommand(["webhooks", "list"], reader)).toMatchObject({
      code: 4,
      err: expect.stringContaining("webhooks:read"),
    })
    expect((await runCommand(["keys", "revoke", String(key.id)], environment)).code).toBe(0)
    expect((await runCommand(["events", "list"], reader)).code).toBe(4)
    expect((await runCommand(["keys", "list"], environment)).out).toMatch(/reader .* revoked/)
    expect((await runCommand(["workspaces", "list"], admin)).out).toContain(String(created.id))
  })

  it("finds out what is wrong", async () => {
    const { run, json, environment } = await workspace()
    const checks = async (given: Environment) => {
      const { code, out } = await runCommand(["doctor", "--json"], given)
      const told: Json = JSON.parse(out)
      return { code, checks: members(told, "checks") }
    }
    const outcome = (all: Json[], name: string) => all.find((check) => check.name === name)?.outcome
    const port = await unusedPort()
    const webhook = await json("webhooks", "create", `http://127.0.0.1:${port}/hook`, "--max-attempts", "1")
    await run("trigger", "user.login")
    await eventually(
      () => run("deliveries", "list", "--status", "exhausted", "--json"),
      ({ out }) => out.includes("dlv_"),
    )
    const looked = await checks({ ...environment, TOCSIN_DATA_DIR: directory })
    for (const name of ["server", "version", "ready", "clock", "data directory", "key", "scopes"]) {
      expect(outcome(looked.checks, name), name).toBe("ok")
    }
    expect(looked.checks.find((check) => check.name === `webhook ${webhook.id}`)).toMatchObject({
      outcome: "warning",
      message: expect.stringContaining("connection_refused"),
      hint: expect.stringContaining("Nothing listens"),
    })
    expect(outcome(looked.checks, `target 127.0.0.1:${port}`)).toBe("warning")

    const wrongKey = await checks({ ...environment, TOCSIN_KEY: "tk_nonsense" })
    expect([wrongKey.code, outcome(wrongKey.checks, "key")]).toEqual([1, "problem"])
    chmodSync(join(directory, "encryption.key"), 0o644)
    onTestFinished(() => chmodSync(join(directory, "encryption.key"), 0o600))
    const open = await checks({ ...environment, TOCSIN_DATA_DIR: directory })
    expect([open.code, outcome(open.checks, "data directory")]).toEqual([1, "problem"])
    expect((await checks({ TOCSIN_URL: `http://127.0.0.1:${port}` })).code).toBe(3)
  })

  it("migrates a database once, and none that is in use", async () => {
    const fresh = { TOCSIN_DATA_DIR: newDataDirectory() }
    const first: Json = JSON.parse((await runCommand(["migrate", "--json"], fresh)).out)
    expect(first).toMatchObject({ store: "sqlite", schema_before: 0 })
    expect(Number(first.schema_after)).toBeGreaterThan(0)
    expect((await runCommand(["migrate"], fresh)).out).toMatch(/^Nothing to do/)
    expect(await runCommand(["migrate"], { TOCSIN_DATA_DIR: directory })).toMatchObject({
      code: 1,
      err: expect.stringContaining("in use"),
    })
    expect((await spawnServer(fresh).listening).startsWith("http://")).toBe(true)
  })

  it("migrates PostgreSQL without knowing its secrets, and says why where it cannot", async () => {
    const server = await startPostgres()
    onTestFinished(() => server.close())
    const settings = { TOCSIN_DATABASE_URL: await server.freshDatabase() }
    const first: Json = JSON.parse((await runCommand(["migrate", "--json"], settings)).out)
    expect(first).toMatchObject({ store: "postgres", schema_before: 0, schema_after: expect.any(Number) })
    expect((await runCommand(["migrate"], settings)).out).toMatch(/^Nothing to do/)
    await server.halt()
    expect(await runCommand(["migrate"], settings)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^tocsin: TOCSIN_DATABASE_URL: .*\n$/),
    })
  }, 400_000)

  it("serves, with a caller's variables beside its own, until it is told to stop", async () => {
    const settings = {
      TOCSIN_DATA_DIR: newDataDirectory(),
      TOCSIN_PORT: "0",
      TOCSIN_ADMIN_KEY: adminKey,
      TOCSIN_URL: "http://127.0.0.1:1",
      TOCSIN_KEY: "tk_x",
    }
    const serving = startCommand(["serve"], settings)
    const [, url = ""] = await serving.says(/listening on (http\S+)/)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
    expect((await serving.interrupt()).code).toBe(0)
    expect(await runCommand(["serve"], { ...settings, TOCSIN_PORT: "x" })).toMatchObject({
      code: 1,
      err: expect.stringContaining("TOCSIN_PORT"),
    })
  })

  it("changes the key that seals secrets", async () => {
    const admin = { TOCSIN_URL: address, TOCSIN_ADMIN_KEY: adminKey }
    const rotated: Json = JSON.parse((await runCommand(["keys", "rotate", "--json"], admin)).out)
    expect(rotated).toMatchObject({ made: true, left: 0 })
  })
})

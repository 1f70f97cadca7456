import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { beforeAll, describe, expect, it } from "vitest"
import { openReceiver, type Reply } from "../receiver.ts"
import { eventually, isObject, type Json, member, members, Workspace } from "./api-calls.ts"
import { type DocumentedReceiver, runReceiver } from "./documented-receiver.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

const verifyWebhook: (payload: Buffer, signature: string, secret: string) => boolean = createRequire(import.meta.url)(
  "../fixtures/documents/cybervault-verification.cjs",
)

let address = ""

beforeAll(async () => {
  const server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory() })
  address = server.address
})

const printed: Json = JSON.parse(
  readFileSync(new URL("../fixtures/documents/cybervault-threat.detected.json", import.meta.url), "utf8"),
)
const threat = { type: "threat.detected", data: printed.data }

/** An app that verifies with the document's function; the secret is known to it once the webhook is registered. */
async function verifyingReceiver(): Promise<DocumentedReceiver & { secret: string }> {
  const knowing = { secret: "" }
  const receiver = await runReceiver((app, express) => {
    app.post("/siem", express.raw({ type: "application/json" }), (request, response) => {
      const signature = request.header("x-cybervault-signature") ?? ""
      const verified = signature.length === 64 && verifyWebhook(request.body, signature, knowing.secret)
      response.sendStatus(verified ? 200 : 401)
    })
  })
  return Object.assign(knowing, receiver)
}

describe("CyberVault's document, followed", () => {
  it("shows a generated secret once, and delivers the documented payload field for field", async () => {
    const workspace = await Workspace.create(address, "cybervault", { engine_version: "ai_v3.1" })
    const receiver = await verifyingReceiver()
    const created = await workspace.post("/v1/webhooks", {
      url: `${receiver.origin}/siem`,
      events: ["threat.detected"],
    })
    receiver.secret = String(created.secret)
    expect(receiver.secret).toMatch(/^whsec_/)
    expect(created).toMatchObject({ status: "active", ordering: "none", timeout_seconds: 5 })
    const path = `/v1/webhooks/${created.id}`
    expect((await workspace.ask("GET", path)).text).not.toContain(receiver.secret)
    expect((await workspace.ask("GET", "/v1/webhooks")).text).not.toContain(receiver.secret)
    expect(await workspace.get(`${path}/secret`)).toMatchObject({ secret: receiver.secret })

    const { idempotency_key } = member(printed, "metadata")
    const receipt = await workspace.post("/v1/events", { ...threat, created: printed.timestamp, idempotency_key })
    expect(receipt.id).toMatch(/^wh_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
    const [delivered] = await receiver.arrived(1)
    expect(delivered?.status).toBe(200)
    expect(delivered?.body).toBe(
      JSON.stringify({
        ...printed,
        id: receipt.id,
        metadata: { ...member(printed, "metadata"), workspace_id: workspace.id },
      }),
    )
    expect(delivered?.headers).toMatchObject({
      "user-agent": "CyberVault-Webhooks/1.0",
      "x-cybervault-event": "threat.detected",
      "x-cybervault-attempt": "1",
      "x-cybervault-sequence": "1",
    })
  })

  it("holds everything until the verification payload was accepted, then sends it", async () => {
    const workspace = await Workspace.create(address, "cybervault")
    const receiver = await verifyingReceiver()
    const created = await workspace.post("/v1/webhooks", {
      url: `${receiver.origin}/siem`,
      events: ["*"],
      verification: { enabled: true },
    })
    const path = `/v1/webhooks/${created.id}`
    expect(created).toMatchObject({ status: "unverified", verification: { enabled: true, verified_at: null } })
    const published = members(await workspace.post("/v1/events/batch", { events: [threat, threat, threat] }), "data")
    expect(await workspace.deliveriesTo(created.id)).toMatchObject(
      Array(3).fill({ status: "held", next_attempt_at: null, attempt_count: 0 }),
    )

    // The app does not know the secret yet: it refuses, and the webhook stays as it was.
    expect(await workspace.post(`${path}/verify`)).toMatchObject({
      delivered: false,
      status_code: 401,
      status: "unverified",
    })
    expect(await workspace.get(path)).toMatchObject({ status: "unverified" })
    receiver.secret = String(created.secret)
    expect(await workspace.post(`${path}/verify`)).toMatchObject({ delivered: true, status: "active", error: null })
    expect(await workspace.get(path)).toMatchObject({
      status: "active",
      verification: { verified_at: expect.stringMatching(/Z$/) },
    })

    const [refused, verification, ...held] = await receiver.arrived(5)
    expect(refused).toMatchObject({ status: 401, headers: { "x-cybervault-test": "true" } })
    expect(verification).toMatchObject({ status: 200, headers: { "x-cybervault-test": "true" } })
    expect(verification?.headers).not.toHaveProperty("x-cybervault-sequence")
    expect(held.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(held.map(({ body }) => JSON.parse(body).id).sort()).toEqual(published.map(({ id }) => id).sort())
    for (const { headers } of held) expect(headers).not.toHaveProperty("x-cybervault-test")
    await eventually(
      () => workspace.deliveriesTo(created.id),
      (all) => all.length === 3 && all.every(({ status }) => status === "delivered"),
    )
  })

  it("offers its 12 event types with their severities, and delivers each of them", async () => {
    const workspace = await Workspace.create(address, "cybervault")
    const receiver = await verifyingReceiver()
    const { secret } = await workspace.post("/v1/webhooks", { url: `${receiver.origin}/siem`, events: ["*"] })
    receiver.secret = String(secret)
    const types = await workspace.list("/v1/event-types")
    expect(Object.fromEntries(types.map(({ name, severity }) => [name, severity]))).toEqual({
      "threat.detected": "critical",
      "threat.resolved": "info",
      "incident.created": "high",
      "incident.resolved": "info",
      "compliance.report.ready": "info",
      "auth.suspicious": "medium",
      "endpoint.offline": "low",
      "endpoint.online": "info",
      "patch.deployed": "info",
      "patch.failed": "medium",
      "vulnerability.found": "high",
      "policy.changed": "low",
    })
    await workspace.post("/v1/events/batch", {
      events: types.map(({ name, sample }) => ({ type: name, data: sample })),
    })
    const delivered = await receiver.arrived(12)
    expect(delivered.map(({ status }) => status)).toEqual(Array(12).fill(200))
    const received = new Map(delivered.map(({ body }) => JSON.parse(body)).map(({ event, data }) => [event, data]))
    for (const { name, sample } of types) expect(received.get(name)).toEqual(sample)
  })

  it("takes 200 and 201 as success within 5 seconds, and nothing else", async () => {
    const workspace = await Workspace.create(address, "cybervault")
    const replies: Record<string, Reply> = {
      "/200": 200,
      "/201": 201,
      "/202": 202,
      "/204": 204,
      "/302": { status: 302, headers: { location: "/200" } },
      "/slow": { status: 200, afterMs: 20_000 },
      "/almost": { status: 200, afterMs: 4_000 },
    }
    const receiver = await openReceiver({ replies: ({ path }) => replies[path] ?? 500 })
    try {
      const outcomes = await Promise.all(
        Object.keys(replies).map(async (path) => {
          const { id } = await workspace.post("/v1/webhooks", { url: receiver.origin + path, events: ["threat.*"] })
          const outcome = await workspace.post(`/v1/webhooks/${id}/test`)
          const code = isObject(outcome.error) ? outcome.error.code : null
          return [path, outcome.delivered, code, Number(outcome.duration_ms)] as const
        }),
      )
      expect(outcomes.map(([path, delivered, code]) => [path, delivered, code])).toEqual([
        ["/200", true, null],
        ["/201", true, null],
        ["/202", false, "non_2xx"],
        ["/204", false, "non_2xx"],
        ["/302", false, "redirect"],
        ["/slow", false, "timeout"],
        ["/almost", true, null],
      ])
      const slow = outcomes.find(([path]) => path === "/slow")?.[3]
      expect(slow).toBeGreaterThan(4_900)
      expect(slow).toBeLessThan(7_000)
      // The profile allows no more, whatever is asked for.
      const patient = { url: `${receiver.origin}/200`, events: ["*"], timeout_seconds: 6 }
      expect(await workspace.ask("POST", "/v1/webhooks", { body: patient })).toMatchObject({
        status: 422,
        json: { errors: [{ pointer: "/timeout_seconds" }] },
      })
    } finally {
      await receiver.close()
    }
  })
})

import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { promisify } from "node:util"
import type express from "express"
import type { Express } from "express"
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest"
import { eventually, isObject, type Json, member, members, Workspace } from "./api-calls.ts"
import { runReceiver } from "./documented-receiver.ts"
import { newDataDirectory, startServer } from "./server-process.ts"

// Plain CommonJS, as printed: written over in TypeScript it would no longer be what customers have pasted.
const addReceiver: (app: Express, framework: typeof express) => void = createRequire(import.meta.url)(
  "../fixtures/documents/policycortex-receiver.cjs",
)

let address = ""

beforeAll(async () => {
  const server = await startServer({ TOCSIN_DATA_DIR: newDataDirectory() })
  address = server.address
})

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

function printed(file: string): Json {
  const parsed: unknown = JSON.parse(
    readFileSync(new URL(`../fixtures/documents/policycortex-${file}.json`, import.meta.url), "utf8"),
  )
  if (!isObject(parsed)) throw new Error(`${file} is not an object`)
  return parsed
}

function documentedViolation(): Json {
  return member(member(printed("policy.violation.created"), "data"), "violation")
}

/** The document's receiver, with the secret that the document's commands register. */
async function documentedReceiver() {
  vi.stubEnv("WEBHOOK_SECRET", "your-webhook-secret")
  const said = vi.spyOn(console, "log").mockReturnValue()
  return { ...(await runReceiver(addReceiver)), said }
}

/** A shell in which the document's commands can be pasted: they differ from the printed ones by these names alone. */
function shell(names: Readonly<Record<string, string>>) {
  return async (command: string): Promise<{ status: number; json: unknown }> => {
    const pasted = Object.entries(names).reduce((text, [name, value]) => text.replaceAll(name, value), command)
    const { stdout } = await promisify(execFile)("bash", ["-c", `${pasted} -sS -w '\\n%{http_code}'`])
    const end = stdout.lastIndexOf("\n")
    const body = stdout.slice(0, end)
    return { status: Number(stdout.slice(end + 1)), json: body === "" ? null : JSON.parse(body) }
  }
}

describe("PolicyCortex's document, from top to bottom", () => {
  it("registers, delivers, manages, tests and deletes with its own commands and its own receiver", async () => {
    const workspace = await Workspace.create(address, "policycortex")
    const receiver = await documentedReceiver()
    const names: Record<string, string> = {
      "https://api.policycortex.com": address,
      YOUR_API_KEY: workspace.key,
      "https://your-app.com": receiver.origin,
    }
    const paste = shell(names)

    const created = await paste(`curl -X POST https://api.policycortex.com/v1/webhooks \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "url": "https://your-app.com/webhooks/policycortex",
    "events": [
      "policy.violation.created",
      "policy.violation.resolved",
      "compliance.status.changed"
    ],
    "secret": "your-webhook-secret",
    "active": true
  }'`)
    expect(created.status).toBe(201)
    const webhook = isObject(created.json) ? created.json : {}
    expect(webhook).toMatchObject({
      id: expect.stringMatching(/^wh_/),
      url: `${receiver.origin}/webhooks/policycortex`,
      events: ["policy.violation.created", "policy.violation.resolved", "compliance.status.changed"],
      active: true,
      status: "active",
      ordering: "strict",
      timeout_seconds: 30,
      retry_config: { max_attempts: 15, backoff_multiplier: 2, initial_delay_seconds: 5 },
    })
    expect(webhook).not.toHaveProperty("secret")
    names.wh_123 = String(webhook.id)

    // Its payload examples come out of the same data, field for field and in the same order.
    for (const file of ["policy.violation.created", "compliance.status.changed"]) {
      const example = printed(file)
      const receipt = await workspace.post("/v1/events", {
        type: example.type,
        data: example.data,
        created: example.created,
      })
      expect(receipt).toMatchObject({ id: expect.stringMatching(/^evt_[0-9a-f]{16,}$/), deliveries: 1 })
      const { body, status } = (await receiver.arrived(receiver.delivered.length + 1)).at(-1) ?? {}
      expect(status).toBe(200)
      expect(body).toBe(JSON.stringify({ ...example, id: receipt.id }))
      expect(receiver.said).toHaveBeenLastCalledWith("Received webhook:", example.type)
    }
    // Not subscribed to.
    const { type, data } = printed("scan.completed")
    expect(await workspace.post("/v1/events", { type, data })).toMatchObject({ deliveries: 0 })

    const list = await paste(`curl -X GET https://api.policycortex.com/v1/webhooks \\
  -H "Authorization: Bearer YOUR_API_KEY"`)
    expect(list).toMatchObject({ status: 200, json: { data: [{ id: webhook.id }], next_cursor: null } })

    const shown = await paste(`curl -X GET https://api.policycortex.com/v1/webhooks/wh_123 \\
  -H "Authorization: Bearer YOUR_API_KEY"`)
    expect(shown).toMatchObject({ status: 200, json: { id: webhook.id, url: webhook.url } })

    const updated = await paste(`curl -X PUT https://api.policycortex.com/v1/webhooks/wh_123 \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{
    "active": false,
    "events": ["policy.violation.created"]
  }'`)
    expect(updated).toMatchObject({
      status: 200,
      json: { url: webhook.url, events: ["policy.violation.created"], active: false, status: "inactive" },
    })

    const tested = await paste(`curl -X POST https://api.policycortex.com/v1/webhooks/wh_123/test \\
  -H "Authorization: Bearer YOUR_API_KEY" \\
  -H "Content-Type: application/json" \\
  -d '{"event_type": "policy.violation.created"}'`)
    expect(tested).toMatchObject({ status: 200, json: { delivered: true, status_code: 200, error: null } })
    const sample = receiver.delivered.at(-1)
    expect(sample?.headers).toMatchObject({ "x-policycortex-test": "true" })
    const violation = documentedViolation()
    expect(JSON.parse(sample?.body ?? "")).toMatchObject({ type: "policy.violation.created", data: { violation } })

    // The secret survived the merge: what arrives after reactivation still verifies.
    await paste(`curl -X PUT https://api.policycortex.com/v1/webhooks/wh_123 \\
  -H "Authorization: Bearer YOUR_API_KEY" -H "Content-Type: application/json" -d '{"active": true}'`)
    const example = printed("policy.violation.created")
    await workspace.post("/v1/events", { type: example.type, data: example.data })
    await receiver.arrived(4)

    const deleted = await paste(`curl -X DELETE https://api.policycortex.com/v1/webhooks/wh_123 \\
  -H "Authorization: Bearer YOUR_API_KEY"`)
    expect(deleted).toEqual({ status: 204, json: null })
    const gone = await paste(`curl -X GET https://api.policycortex.com/v1/webhooks/wh_123 \\
  -H "Authorization: Bearer YOUR_API_KEY"`)
    expect(gone).toMatchObject({ status: 404, json: { code: "not_found" } })
    expect(receiver.delivered.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  })

  it("takes its whole configuration, and filters as it says", async () => {
    const workspace = await Workspace.create(address, "policycortex")
    const receiver = await documentedReceiver()
    const configuration = printed("webhook-configuration")
    const url = `${receiver.origin}/webhooks/policycortex`
    const webhook = await workspace.post("/v1/webhooks", { ...configuration, url })
    const { secret, retry_config, ...shown } = configuration
    expect(secret).toBe("your-webhook-secret")
    expect(webhook).toMatchObject({ ...shown, url, retry_config: member({ retry_config }, "retry_config") })

    const violation = (changes: Json) => ({
      type: "policy.violation.created",
      data: { violation: { ...documentedViolation(), ...changes } },
    })
    const compliance = printed("compliance.status.changed")
    const batch = await workspace.post("/v1/events/batch", {
      events: [
        violation({}),
        violation({ severity: "critical", tags: { environment: "Production" } }),
        violation({ severity: "LOW" }),
        violation({ tags: { environment: "staging" } }),
        violation({ tags: {} }),
        violation({ resource_id: "projects/p/buckets/b", resource_type: "storage.googleapis.com/Bucket" }),
        violation({ resource_id: "/subscriptions/1/x", resource_type: "Microsoft.Storage/storageAccounts" }),
        { type: compliance.type, data: compliance.data },
      ],
    })
    expect(members(batch, "data").map(({ deliveries }) => deliveries)).toEqual([1, 1, 0, 0, 0, 0, 1, 1])
    const delivered = await receiver.arrived(4)
    expect(delivered.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    // The default is strict: they came in the order of acceptance.
    const expected = members(batch, "data").flatMap(({ id, deliveries }) => (deliveries === 1 ? [id] : []))
    expect(delivered.map(({ body }) => JSON.parse(body).id)).toEqual(expected)
    for (const { headers } of delivered) {
      expect(headers).toMatchObject({ "x-custom-header": "custom-value", "user-agent": "PolicyCortex-Webhooks/1.0" })
    }
  })

  it("delivers each of its 16 event types, every one verified", async () => {
    const workspace = await Workspace.create(address, "policycortex")
    const receiver = await documentedReceiver()
    const types = await workspace.list("/v1/event-types")
    expect(types.map(({ name }) => name).sort()).toEqual(
      [
        ...["policy.violation.created", "policy.violation.resolved"],
        ...["policy.deployment.completed", "policy.enforcement.failed"],
        ...["compliance.status.changed", "compliance.report.generated"],
        ...["compliance.audit.started", "compliance.framework.updated"],
        ...["scan.completed", "scan.failed", "resource.discovered", "resource.changed"],
        ...["user.login", "user.policy.exemption", "user.role.changed", "api.key.created"],
      ].sort(),
    )
    const { id } = await workspace.post("/v1/webhooks", {
      url: `${receiver.origin}/webhooks/policycortex`,
      events: types.map(({ name }) => name),
      secret: "your-webhook-secret",
    })
    const scan = printed("scan.completed")
    await workspace.post("/v1/events", { type: scan.type, data: scan.data, created: scan.created })
    await workspace.post("/v1/events/batch", {
      events: types.map(({ name, sample }) => ({ type: name, data: sample })),
    })
    const [first, ...others] = await receiver.arrived(17)
    expect(first?.body).toBe(JSON.stringify({ ...scan, id: JSON.parse(first?.body ?? "").id }))
    expect(others.map(({ body }) => JSON.parse(body)).map(({ type, data }) => ({ type, data }))).toEqual(
      types.map(({ name, sample }) => ({ type: name, data: sample })),
    )
    const deliveries = await eventually(
      () => workspace.deliveriesTo(id),
      (all) => all.every(({ status }) => status === "delivered"),
    )
    expect(deliveries.map(({ last_status_code }) => last_status_code)).toEqual(Array(17).fill(200))
  })

  it("is refused by its receiver when the secret is another, and says what to look at", async () => {
    const workspace = await Workspace.create(address, "policycortex")
    const receiver = await documentedReceiver()
    const { id } = await workspace.post("/v1/webhooks", {
      url: `${receiver.origin}/webhooks/policycortex`,
      events: ["scan.completed"],
      secret: "not-the-receivers-secret",
    })
    expect(await workspace.post(`/v1/webhooks/${id}/test`, { event_type: "scan.completed" })).toMatchObject({
      delivered: false,
      status_code: 401,
      error: { code: "unauthorized", hint: expect.stringContaining("secret") },
      response: { body: "Unauthorized" },
    })
    expect(receiver.said).not.toHaveBeenCalled()
  })
})

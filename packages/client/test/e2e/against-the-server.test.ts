import { createHash } from "node:crypto"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import express from "express"
import pino from "pino"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { readConfig } from "../../../server/src/config.ts"
import { serve } from "../../../server/src/serve.ts"
import {
  type AuditEntry,
  batching,
  type CyberVaultEvent,
  type PolicyCortexEvent,
  Tocsin,
  TocsinProblem,
  verifyCyberVault,
  verifyPolicyCortex,
} from "../../src/index.ts"
import { expressReceiver } from "../../src/middleware/express.ts"
import type { Verify } from "../../src/middleware/receiver.ts"

const adminKey = "ta_the-instance-key-of-the-client-tests"
const secret = "your-webhook-secret"
const threat = {
  threat_id: "thr_94x2k1",
  source_ip: "203.0.113.42",
  target_asset: "prod-db-01.cybervault.internal",
  vector: "sql_injection",
  confidence: 0.98,
  mitre_id: "T1190",
}
let baseUrl = ""
let stop = async () => {}

beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), "tocsin-client-"))
  const config = readConfig({
    TOCSIN_PORT: "0",
    TOCSIN_DATA_DIR: directory,
    TOCSIN_ADMIN_KEY: adminKey,
    TOCSIN_ALLOWED_TARGETS: "127.0.0.1",
  })
  const running = await serve(config, pino({ level: "silent" }))
  baseUrl = running.address
  stop = async () => {
    await running.stop()
    rmSync(directory, { recursive: true })
  }
})
afterAll(() => stop())

async function workspace(profile: "policycortex" | "cybervault") {
  const { api_key } = await new Tocsin({ baseUrl, apiKey: adminKey }).workspaces.create({ name: "acme", profile })
  return new Tocsin({ baseUrl, apiKey: api_key.key })
}

/** A receiver that verifies, and hands out the events it got one by one. */
async function receiver<Event>(verify: Verify<Event>) {
  const got: Event[] = []
  const waiting: ((event: Event) => void)[] = []
  const app = express()
  app.post(
    "/hook",
    expressReceiver(verify, { secret }, (event) => {
      const taker = waiting.shift()
      if (taker) taker(event)
      else got.push(event)
    }),
  )
  const server = createServer(app).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  const next = () =>
    new Promise<Event>((resolve) => {
      const event = got.shift()
      if (event === undefined) waiting.push(resolve)
      else resolve(event)
    })
  return { url: `http://127.0.0.1:${address.port}/hook`, next }
}

async function collected<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of list) items.push(item)
  return items
}

/** Settling follows the receiver's answer, so what the log shows comes a moment later. */
async function eventually<Value>(look: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await look()
    if (holds(value)) return value
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

describe("the client and the server", () => {
  it("carry an event from a publisher to a receiver that verifies it", async () => {
    const tocsin = await workspace("cybervault")
    const { url, next } = await receiver<CyberVaultEvent>((...given) => verifyCyberVault(...given))
    const webhook = await tocsin.webhooks.create({ url, events: ["threat.*"], secret })
    expect(webhook).not.toHaveProperty("secret")

    const publication = { type: "threat.detected", data: threat, idempotency_key: "idm_first" }
    const receipt = await tocsin.events.publish(publication)
    expect(receipt).toMatchObject({ type: "threat.detected", duplicate: false, deliveries: 1 })
    const event = await next()
    expect(event).toMatchObject({ id: receipt.id, type: "threat.detected", data: threat })
    expect(event.metadata.idempotency_key).toBe("idm_first")
    expect(await tocsin.events.publish(publication)).toMatchObject({ id: receipt.id, duplicate: true })

    const list = () => tocsin.deliveries.list({ event_id: receipt.id }).page()
    const page = await eventually(list, ({ data }) => data[0]?.status === "delivered")
    const [delivery] = page.data
    if (delivery === undefined) throw new Error("no delivery")
    expect((await tocsin.deliveries.get(delivery.id)).attempts).toMatchObject([{ number: 1, status_code: 200 }])
    expect((await tocsin.deliveries.retry(delivery.id)).id).toBe(delivery.id)
    expect((await next()).id).toBe(receipt.id)
    expect((await tocsin.webhooks.stats(webhook.id)).by_status).toHaveProperty("delivered")
  })

  it("keep every digit of dataText", async () => {
    const tocsin = await workspace("cybervault")
    const dataText = JSON.stringify(threat).replace('"confidence":0.98', '"confidence":1.0,"bytes":9007199254740993')
    const { id } = await tocsin.events.publish({ type: "threat.detected", dataText })
    expect((await tocsin.events.get(id)).payload).toContain(`"data":${dataText}`)
  })

  it("test, verify, rotate, reveal, pause and delete a webhook", async () => {
    const tocsin = await workspace("policycortex")
    const { url, next } = await receiver<PolicyCortexEvent>((...given) => verifyPolicyCortex(...given))
    const { id } = await tocsin.webhooks.create({ url, events: ["*"], secret, verification: { enabled: true } })
    expect(await tocsin.webhooks.get(id)).toMatchObject({ status: "unverified" })
    expect(await tocsin.webhooks.test(id, { event_type: "user.login" })).toMatchObject({ delivered: true, error: null })
    expect((await next()).type).toBe("user.login")
    expect(await tocsin.webhooks.verify(id)).toMatchObject({ delivered: true, status: "active" })
    await next()

    const rotated = await tocsin.webhooks.rotateSecret(id, { overlap_seconds: 600 })
    expect(await tocsin.webhooks.secret(id)).toEqual({
      secret: rotated.secret,
      previous: { secret, valid_until: rotated.previous_valid_until },
    })
    // The receiver knows the old secret alone: it refuses the first signature, and gets the event signed by that.
    expect(await tocsin.webhooks.test(id, { event_type: "scan.failed" })).toMatchObject({ delivered: true })
    expect((await next()).type).toBe("scan.failed")

    expect(await tocsin.webhooks.update(id, { active: false, description: "paused" })).toMatchObject({
      status: "inactive",
      description: "paused",
    })
    expect((await collected(tocsin.webhooks.list())).map((webhook) => webhook.id)).toEqual([id])
    await tocsin.webhooks.delete(id)
    await expect(tocsin.webhooks.get(id)).rejects.toMatchObject({ code: "not_found", status: 404 })
    const actions = (await collected(tocsin.auditLog.list({ limit: 2 }))).map(({ action }) => action)
    expect(actions).toContain("webhook.secret_revealed")
    expect(actions[0]).toBe("webhook.deleted")
  })

  it("publish in batches, find the one bad event, and walk all pages of what came of it", async () => {
    const tocsin = await workspace("cybervault")
    const { publish, flush } = batching(tocsin.events, { maxEvents: 50 })
    const published = Array.from({ length: 30 }, (_, at) =>
      publish({
        type: at === 17 ? "threat.unheard_of" : "threat.detected",
        data: { ...threat, threat_id: `thr_${at}` },
      }),
    )
    const [outcomes] = await Promise.all([Promise.allSettled(published), flush()])
    const refused = outcomes.flatMap((outcome, at) => (outcome.status === "rejected" ? [[at, outcome.reason]] : []))
    expect(refused).toEqual([[17, expect.any(TocsinProblem)]])
    expect(refused[0]?.[1]).toMatchObject({ code: "unknown_event_type", errors: [{ pointer: "/type" }] })
    const events = await collected(tocsin.events.list({ limit: 10, type: "threat.detected" }))
    expect(events).toHaveLength(29)
    // The order of acceptance is the order of publishing; lists are newest first.
    const ids = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.id] : []))
    expect(events.map(({ id }) => id).reverse()).toEqual(ids)
  })

  it("replay what a webhook missed", async () => {
    const tocsin = await workspace("cybervault")
    const { id: eventId, created } = await tocsin.events.publish({ type: "threat.detected", data: threat })
    const { url, next } = await receiver<CyberVaultEvent>((...given) => verifyCyberVault(...given))
    const webhook = await tocsin.webhooks.create({ url, events: ["*"], secret })
    const from = new Date(Date.parse(created) - 60_000).toISOString()
    const to = new Date(Date.parse(created) + 60_000).toISOString()
    const replay = await tocsin.webhooks.replay(webhook.id, { from, to, only_missing: true })
    expect((await next()).id).toBe(eventId)
    const ended = await eventually(
      () => tocsin.replays.get(replay.id),
      ({ state }) => state !== "running",
    )
    expect(ended).toMatchObject({ state: "completed", progress: { enqueued: 1 } })
    expect(await tocsin.replays.cancel(replay.id)).toMatchObject({ state: "completed" })
  })

  it("show live what happens", async () => {
    const tocsin = await workspace("cybervault")
    const stop = new AbortController()
    onTestFinished(() => stop.abort())
    const connected = Promise.withResolvers<void>()
    const activities = tocsin.stream({ signal: stop.signal, onConnected: connected.resolve })
    const first = activities.next()
    await connected.promise
    const { id } = await tocsin.events.publish({ type: "threat.detected", data: threat })
    expect((await first).value).toMatchObject({ kind: "event", event: { id, deliveries: 0 } })
  })

  it("manage keys, workspaces and event types", async () => {
    const admin = new Tocsin({ baseUrl, apiKey: adminKey })
    const { id, api_key } = await admin.workspaces.create({ name: "other", profile: "standard" })
    expect(await admin.workspaces.update(id, { name: "renamed" })).toMatchObject({ name: "renamed" })
    expect(await admin.workspaces.get(id)).toMatchObject({ name: "renamed", profile: "standard" })
    expect((await collected(admin.workspaces.list({ limit: 1 }))).map((each) => each.id)).toContain(id)

    const tocsin = new Tocsin({ baseUrl, apiKey: api_key.key })
    const key = await tocsin.apiKeys.create({ name: "ci", scopes: ["events:write"] })
    await expect(new Tocsin({ baseUrl, apiKey: key.key }).webhooks.list().page()).rejects.toMatchObject({
      code: "scope_missing",
    })
    await tocsin.apiKeys.revoke(key.id)
    expect((await collected(tocsin.apiKeys.list())).map(({ revoked_at }) => revoked_at !== null)).toEqual([true, false])

    await tocsin.eventTypes.create({ name: "invoice.paid", sample: { amount: 5 } })
    await tocsin.eventTypes.replace("invoice.paid", { description: "Money came in" })
    expect(await tocsin.eventTypes.get("invoice.paid")).toMatchObject({ origin: "workspace", sample: null })
    expect((await collected(tocsin.eventTypes.list())).map(({ name }) => name)).toEqual(["invoice.paid", "tocsin.test"])
    await tocsin.eventTypes.delete("invoice.paid")
    await admin.workspaces.delete(id)
    await expect(tocsin.webhooks.list().page()).rejects.toMatchObject({ status: 401 })
  })

  it("check the audit log, and take it home whole", async () => {
    const tocsin = await workspace("cybervault")
    const { id } = await tocsin.apiKeys.create({ name: "ci", scopes: ["events:write"] })
    await tocsin.apiKeys.revoke(id)
    const lines: string[] = []
    for await (const line of tocsin.auditLog.export()) lines.push(line)
    const records = lines.map((line): AuditEntry => JSON.parse(line))
    expect(records.map(({ action }) => action)).toEqual(["workspace.created", "api_key.created", "api_key.revoked"])
    // As whoever has only the export checks it: a line without its hash is what the hash covers.
    for (const [at, { hash, previous_hash }] of records.entries()) {
      const covered = lines[at]?.replace(`"hash":"${hash}",`, "") ?? ""
      expect(createHash("sha256").update(covered).digest("hex")).toBe(hash)
      expect(previous_hash).toBe(records[at - 1]?.hash ?? "0".repeat(64))
    }
    const [first] = records
    const head = records.at(-1)?.hash
    const intact = { intact: true, records: 3, head, broken_at: null, because: null }
    expect(await tocsin.auditLog.verification()).toEqual({ workspace_id: first?.workspace_id, ...intact })
    // The admin key has to say whose.
    const admin = new Tocsin({ baseUrl, apiKey: adminKey })
    await expect(admin.auditLog.verification()).rejects.toMatchObject({ errors: [{ pointer: "/workspace_id" }] })
    const query = { workspace_id: first?.workspace_id ?? "" }
    expect(await admin.auditLog.verification(query)).toMatchObject(intact)
    const same: string[] = []
    for await (const line of admin.auditLog.export(query)) same.push(line)
    expect(same).toEqual(lines)
  })

  it("say what is wrong in a typed problem", async () => {
    const tocsin = await workspace("policycortex")
    await expect(
      tocsin.webhooks.create({ url: "http://10.0.0.1/", events: ["no.such"], secret: "short" }),
    ).rejects.toMatchObject({ code: "validation_failed", status: 422, requestId: expect.stringMatching(/^req_/) })
    await expect(new Tocsin({ baseUrl }).webhooks.list().page()).rejects.toMatchObject({
      code: "authentication_required",
    })
  })
})

import Fastify from "fastify"
import { afterAll, beforeAll, expect, onTestFinished } from "vitest"
import { buildApi } from "../../src/api/app.ts"
import { ActivityFeed } from "../../src/api/stream/activity-feed.ts"
import { type WorkspaceCaps, workspaceCaps } from "../../src/api/workspace-caps.ts"
import type { ProfileName } from "../../src/domain/workspace.ts"
import { assembleEngine } from "../../src/engine.ts"
import { type Metrics, noMetrics } from "../../src/ports/metrics.ts"
import type { Sender, SendRequest, SendResult } from "../../src/ports/sender.ts"
import { type Store, StoreUnavailable } from "../../src/ports/store.ts"
import { Posting } from "../../src/posting/posting.ts"
import { KeyRotation } from "../../src/registry/key-rotation.ts"
import { hashKey } from "../../src/secrets/api-key.ts"
import { KeyRing } from "../../src/secrets/key-ring.ts"
import { strictPolicy } from "../../src/send/allowed-targets.ts"
import { checkTarget, unexemptHttp } from "../../src/send/target-rules.ts"
import { openMemoryStore } from "../../src/stores/memory/open-memory-store.ts"
import { VirtualClock } from "../../src/system/virtual-clock.ts"
import { SeededRandom } from "../simulation/seeded-random.ts"

export const adminKey = "ta_the-instance-key-of-the-tests"

export type Json = { readonly [name: string]: unknown }

export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** The body, where it is a JSON object; else an empty one. */
  readonly json: Json
  /** Pointers of a problem's errors. */
  readonly pointers: readonly string[]
}

type Sent = {
  readonly key?: string | null
  readonly body?: unknown
  /** The body as it is, in place of `body`. */
  readonly raw?: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
}

export type Options = {
  readonly managementRequestsPerSecond?: number
  readonly caps?: Partial<WorkspaceCaps>
  readonly wrapStore?: (store: Store) => Store
  readonly unready?: string
  readonly metrics?: Metrics
  readonly onRequest?: Parameters<typeof buildApi>[0]["onRequest"]
}

/** The real API over the real engine and the memory store; receivers are scripted, and time passes when told to. */
export async function runApi(options: Options = {}) {
  const running = await startApi(options)
  onTestFinished(running.stop)
  return running
}

/** One for all tests of a `describe`: for tables of cases that each work in a workspace of their own. */
export function sharedApi(): () => RunningApi {
  let running: RunningApi | null = null
  beforeAll(async () => {
    running = await startApi({})
  })
  afterAll(async () => running?.stop())
  return () => {
    if (!running) throw new Error("only tests may use it")
    return running
  }
}

async function startApi(options: Options) {
  const clock = new VirtualClock()
  const random = new SeededRandom(7)
  const receivers = new Receivers()
  const memory = openMemoryStore()
  const store = options.wrapStore?.(memory) ?? memory
  const faults: unknown[] = []
  const keyRing = new KeyRing([Buffer.alloc(32, 7)])
  const feed = new ActivityFeed(clock)
  const engine = await assembleEngine({
    store,
    poster: new Posting(receivers, clock),
    clock,
    random,
    metrics: options.metrics ?? noMetrics,
    sealing: keyRing,
    retentionMs: 30 * 86_400_000,
    onSettled: feed.settled,
    onPublished: feed.published,
    onFault(fault) {
      // It is away where a test has it so.
      if (!(fault instanceof StoreUnavailable)) faults.push(fault)
    },
  })
  const app = buildApi({
    store,
    registry: engine.registry,
    intake: engine.intake,
    ownSchemas: engine.ownSchemas,
    probe: engine.probe,
    replaying: engine.replaying,
    keyRotation: new KeyRotation(engine.registry, store, keyRing, () => keyRing.replace(Buffer.from(random.bytes(32)))),
    wake: (webhookId, workspaceId) => engine.dispatcher.wake(workspaceId, webhookId),
    clock,
    random,
    mint: engine.mint,
    adminKeyHash: hashKey(adminKey),
    version: "0.0.0-test",
    refusal: (url) => receivers.refusal(url),
    limits: {
      managementRequestsPerSecond: options.managementRequestsPerSecond ?? 100_000,
      perWorkspace: { ...workspaceCaps, ...options.caps },
    },
    logger: Fastify({ logger: false }).log,
    feed,
    sessionSealing: keyRing.derived("sessions"),
    metricsText: async () => "tocsin_up 1\n",
    ...(options.onRequest && { onRequest: options.onRequest }),
    checks: [{ name: "store", check: async () => options.unready ?? null }],
  })
  await app.ready()
  await engine.start()
  async function stop(): Promise<void> {
    await app.close()
    await engine.stop()
    expect(faults).toEqual([])
  }

  async function call(method: string, url: string, { key, body, raw, headers }: Sent = {}): Promise<Answer> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const response = await app.inject({
      method: method as "GET",
      url,
      headers: {
        ...(key != null && { authorization: `Bearer ${key}` }),
        ...(payload !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(payload !== undefined && { payload }),
    })
    const isJson = /[/+]json/.test(String(response.headers["content-type"]))
    const json: Json = isJson ? response.json() : {}
    const pointers = Array.isArray(json.errors) ? json.errors.map(({ pointer }) => String(pointer)) : []
    return { status: response.statusCode, headers: response.headers, text: response.body, json, pointers }
  }

  /** A new workspace's key. */
  async function workspaceKey(profile: ProfileName = "policycortex"): Promise<string> {
    const created = await call("POST", "/v1/workspaces", { key: adminKey, body: { name: "acme", profile } })
    expect(created.status).toBe(201)
    return text(object(created.json.api_key).key)
  }

  /** A new webhook's answer. */
  async function webhook(key: string, settings: Json = {}): Promise<Json> {
    const created = await call("POST", "/v1/webhooks", { key, body: { ...documented, ...settings } })
    expect(created.text).toContain('"id":"wh_')
    return created.json
  }

  return { app, call, workspaceKey, webhook, clock, store, engine, receivers, stop }
}

export type RunningApi = Awaited<ReturnType<typeof startApi>>

/** Settings of a webhook that fit every profile. */
export const documented: Json = {
  url: "https://receiver.example/hook",
  events: ["*"],
  secret: "your-webhook-secret",
}

/** Answers at once, by a script; names are not looked up, so that no test asks the DNS. */
class Receivers implements Sender {
  readonly requests: SendRequest[] = []
  answer: (request: SendRequest) => SendResult | Promise<SendResult> = () => answered(200)

  async send(request: SendRequest): Promise<SendResult> {
    this.requests.push(request)
    return this.answer(request)
  }

  async refusal(url: string): Promise<string | null> {
    const check = checkTarget(url, strictPolicy)
    if (!check.ok) return check.because
    return check.target.secure ? null : unexemptHttp(check.target)
  }

  async close(): Promise<void> {}
}

export function answered(status: number, body = ""): SendResult {
  return { durationMs: 12, response: { status, headers: [["content-type", "text/plain"]], body }, failure: null }
}

export function object(value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("not an object")
  return Object.fromEntries(Object.entries(value))
}

export function list(answer: Answer): readonly Json[] {
  const { data } = answer.json
  if (!Array.isArray(data)) throw new Error(`not a list: ${answer.text}`)
  return data.map(object)
}

export function text(value: unknown): string {
  if (typeof value !== "string") throw new Error(`not a text: ${value}`)
  return value
}

/** A violation as the document prints it. */
export const violation: Json = {
  violation: {
    id: "viol_abcdef1234567890",
    policy_id: "pol_567890abcdef1234",
    policy_name: "require-s3-encryption",
    resource_id: "arn:aws:s3:::my-bucket",
    resource_type: "AWS::S3::Bucket",
    severity: "HIGH",
    status: "OPEN",
    message: "S3 bucket must have encryption enabled",
    detected_at: "2024-01-15T14:29:45Z",
    account_id: "123456789012",
    region: "us-east-1",
    tags: { environment: "production", team: "platform" },
    compliance_frameworks: ["SOC2", "HIPAA"],
  },
}

export const violationEvent: Json = { type: "policy.violation.created", data: violation }

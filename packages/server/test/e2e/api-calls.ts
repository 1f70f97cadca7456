import type { ProfileName } from "../../src/domain/workspace.ts"
import { adminKey } from "./program.ts"

export type Json = { readonly [name: string]: unknown }

export type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body, where it is a JSON object; else an empty one. */
  readonly json: Json
}

type Sent = {
  readonly key?: string
  readonly body?: unknown
  /** The body as it is, in place of `body`. */
  readonly raw?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Calls the API over a real socket. @throws TypeError when no answer came. */
export async function call(
  address: string,
  method: string,
  path: string,
  { key, body, raw, headers }: Sent = {},
): Promise<Answer> {
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const response = await fetch(address + path, {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(payload !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(payload !== undefined && { body: payload }),
  })
  const text = await response.text()
  const isJson = /[/+]json/.test(response.headers.get("content-type") ?? "")
  const parsed: unknown = isJson ? JSON.parse(text) : {}
  return { status: response.status, headers: response.headers, text, json: isObject(parsed) ? parsed : {} }
}

/**
 * A workspace of a running server, seen with a key of its own. All calls but `ask` come again when the key's rate asks
 * for it (tests are faster than people), and throw on any other answer that is not a 2xx.
 */
export class Workspace {
  readonly id: string
  readonly key: string
  /** Another one when the server was started anew elsewhere. */
  address: string

  constructor(address: string, id: string, key: string) {
    this.address = address
    this.id = id
    this.key = key
  }

  static async create(address: string, profile: ProfileName, settings: Json = {}): Promise<Workspace> {
    const created = await call(address, "POST", "/v1/workspaces", {
      key: adminKey,
      body: { name: "acme", profile, ...settings },
    })
    if (created.status !== 201) throw new Error(created.text)
    return new Workspace(address, String(created.json.id), String(member(created.json, "api_key").key))
  }

  /** Whatever the answer is. */
  ask(method: string, path: string, sent: Omit<Sent, "key"> = {}): Promise<Answer> {
    return call(this.address, method, path, { key: this.key, ...sent })
  }

  get(path: string): Promise<Json> {
    return this.#do("GET", path)
  }

  post(path: string, body: unknown = {}): Promise<Json> {
    return this.#do("POST", path, body)
  }

  put(path: string, body: unknown): Promise<Json> {
    return this.#do("PUT", path, body)
  }

  async delete(path: string): Promise<void> {
    await this.#do("DELETE", path)
  }

  /** An event of the type, ready to be published: the catalogue's sample. */
  async sampleEvent(type = "scan.failed"): Promise<{ readonly type: string; readonly data: unknown }> {
    const { sample } = await this.get(`/v1/event-types/${type}`)
    return { type, data: sample }
  }

  /** Every item of a list, newest first. */
  async list(path: string): Promise<Json[]> {
    const items: Json[] = []
    const joint = path.includes("?") ? "&" : "?"
    for (let cursor: unknown = ""; cursor !== null; ) {
      const page: Json = await this.get(`${path}${joint}limit=200${cursor === "" ? "" : `&cursor=${cursor}`}`)
      if (!Array.isArray(page.data)) throw new Error("a list has no data")
      items.push(...page.data.filter(isObject))
      cursor = page.next_cursor
    }
    return items
  }

  /** The deliveries of a webhook in the order of acceptance. */
  async deliveriesTo(webhookId: unknown): Promise<Json[]> {
    return (await this.list(`/v1/deliveries?webhook_id=${webhookId}`)).reverse()
  }

  /** The one delivery of an event. */
  async deliveryOf(eventId: unknown): Promise<Json> {
    const { data } = await this.get(`/v1/deliveries?event_id=${eventId}`)
    const only: unknown = Array.isArray(data) && data.length === 1 ? data[0] : null
    if (!isObject(only)) throw new Error(`event ${eventId} has not one delivery: ${JSON.stringify(data)}`)
    return this.get(`/v1/deliveries/${only.id}`)
  }

  async #do(method: string, path: string, body?: unknown): Promise<Json> {
    const sent = body === undefined ? {} : { body }
    let answer = await this.ask(method, path, sent)
    while (answer.status === 429) {
      const pauseMs = Number(answer.headers.get("retry-after")) * 1000
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      answer = await this.ask(method, path, sent)
    }
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`${method} ${path} was answered ${answer.status}: ${answer.text}`)
    }
    return answer.json
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** A member that is an object. */
export function member(json: Json, name: string): Json {
  const value = json[name]
  if (!isObject(value)) throw new Error(`${name} is not an object in ${JSON.stringify(json)}`)
  return value
}

/** A member that is a list of objects. */
export function members(json: Json, name: string): Json[] {
  const value = json[name]
  if (!Array.isArray(value)) throw new Error(`${name} is not a list in ${JSON.stringify(json)}`)
  return value.filter(isObject)
}

/** Looks again and again, for what no event announces: an outcome is in the log a moment after the receiver's answer. */
export async function eventually<Value>(
  look: () => Promise<Value>,
  holds: (value: Value) => boolean,
  withinMs = 10_000,
): Promise<Value> {
  const untilMs = performance.now() + withinMs
  for (;;) {
    const value = await look()
    if (holds(value)) return value
    if (performance.now() > untilMs) {
      throw new Error(`not so within ${withinMs} ms; the last seen: ${JSON.stringify(value, null, 1)?.slice(0, 5_000)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

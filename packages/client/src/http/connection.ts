import { isFields } from "../json-fields.ts"
import { afterFailure, type Repetition, type Retrying, retryingDefaults } from "./retrying.ts"
import { problemOf, TocsinProblem, TocsinUnreachable, unexpected } from "./tocsin-problem.ts"
import { wait } from "./waiting.ts"

export type ConnectionOptions = {
  /** Where Tocsin answers, such as `https://hooks.example.com`; a path before `/v1` is kept. */
  readonly baseUrl: string | URL
  /** Left out where a session cookie takes its place, as in the dashboard. */
  readonly apiKey?: string | undefined
  /** In place of the global one: for proxies, tests, or a runtime's own. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Tries after the first, or more exactly how; see `Retrying`. */
  readonly retries?: number | Partial<Retrying> | undefined
  /** For one try, answer included; 30,000 unless told. */
  readonly timeoutMs?: number | undefined
  /** Whether cookies are sent, as `fetch` has it. */
  readonly credentials?: RequestCredentials | undefined
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export type CallOptions = {
  /** Ends the call: the try under way and the wait for the next. */
  readonly signal?: AbortSignal | undefined
}

export type Query = { readonly [name: string]: string | number | boolean | undefined }

export type Call = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly path: string
  readonly query?: Query | undefined
  /** JSON text. */
  readonly body?: string | undefined
  readonly repetition: Repetition
  readonly signal?: AbortSignal | undefined
}

const timeoutDefaultMs = 30_000

/** Carries calls to one server: authorises, retries, and turns what is not an answer into errors. */
export class Connection {
  readonly #base: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #fetch: typeof globalThis.fetch
  readonly #retrying: Retrying
  readonly #timeoutMs: number
  readonly #credentials: RequestCredentials | undefined

  /** @throws TypeError for a base URL or headers that no request could be made with. */
  constructor(options: ConnectionOptions) {
    this.#base = new URL(options.baseUrl).href.replace(/\/+$/, "")
    const { apiKey, retries } = options
    this.#headers = { ...options.headers, ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }) }
    new Headers(this.#headers)
    // Called as a method of another object, a browser's fetch refuses to work.
    this.#fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
    this.#retrying = { ...retryingDefaults, ...(typeof retries === "number" ? { retries } : retries) }
    this.#timeoutMs = options.timeoutMs ?? timeoutDefaultMs
    this.#credentials = options.credentials
  }

  /**
   * Makes a call whose answer is a JSON object.
   *
   * @throws TocsinProblem, TocsinUnreachable, or the signal's reason.
   */
  async object<Shape extends object>(call: Call): Promise<Shape> {
    const { status, text } = await this.#call(call)
    const answer = parsed(text)
    if (!isFields(answer)) throw unexpected(status, `The answer to ${call.method} ${call.path} is not a JSON object`)
    // The one place where the server is believed: its OpenAPI document and tests hold it to these shapes, and a copy
    // of its schemas in every browser would refuse the next version's harmless additions.
    return answer as Shape
  }

  /** Makes a call that is answered with nothing. */
  async nothing(call: Call): Promise<void> {
    await this.#call(call)
  }

  /** Opens an event stream. One try; only its beginning is bounded in time. @throws as `object` does. */
  openStream(path: string, lastEventId: string, signal: AbortSignal | undefined): Promise<Response> {
    const headers = { ...(lastEventId !== "" && { "last-event-id": lastEventId }) }
    return this.#open({ method: "GET", path, repetition: "once", signal }, "text/event-stream", headers)
  }

  /** Opens an answer of lines of JSON, however long; only its beginning is bounded in time. @throws as `object` does. */
  openLines(call: Call): Promise<Response> {
    return this.#retried(call, () => this.#open(call, "application/x-ndjson", {}))
  }

  async #open(call: Call, mediaType: string, headers: Record<string, string>): Promise<Response> {
    const { method, path, signal } = call
    const starting = new AbortController()
    const timer = setTimeout(() => starting.abort(new Error("the time was up")), this.#timeoutMs)
    try {
      const signals = signal === undefined ? starting.signal : AbortSignal.any([starting.signal, signal])
      const response = await this.#fetchOnce(call, { ...headers, accept: mediaType }, signals)
      if (!response.ok) throw problemOf(response, await response.text(), Date.now())
      if (response.headers.get("content-type")?.startsWith(mediaType)) return response
      await response.body?.cancel()
      throw unexpected(response.status, `The answer to ${method} ${path} is not ${mediaType}`)
    } catch (failure) {
      throw this.#explained(failure, path, signal)
    } finally {
      clearTimeout(timer)
    }
  }

  #call(call: Call): Promise<{ status: number; text: string }> {
    return this.#retried(call, () => this.#try(call))
  }

  async #retried<Outcome>(call: Call, attempt: () => Promise<Outcome>): Promise<Outcome> {
    for (let tried = 1; ; tried++) {
      try {
        return await attempt()
      } catch (caught) {
        const failure = this.#explained(caught, call.path, call.signal)
        const next = afterFailure(this.#retrying, call.repetition, tried, failure, Math.random())
        if (next.do === "giveUp") throw failure
        await wait(next.delayMs, call.signal)
      }
    }
  }

  async #try(call: Call): Promise<{ status: number; text: string }> {
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal])
    const headers = call.body === undefined ? {} : { "content-type": "application/json" }
    const response = await this.#fetchOnce(call, headers, signal)
    const text = await response.text()
    if (!response.ok) throw problemOf(response, text, Date.now())
    return { status: response.status, text }
  }

  #fetchOnce(
    { method, path, query, body }: Pick<Call, "method" | "path" | "query" | "body">,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    return this.#fetch(`${this.#base}${path}${search(query)}`, {
      method,
      headers: { accept: "application/json, application/problem+json", ...this.#headers, ...headers },
      signal,
      // An API that redirects is not this one, and a key must not follow to wherever it leads. Not "error": Cloudflare's
      // workers know only the other two.
      redirect: "manual",
      ...(body !== undefined && { body }),
      ...(this.#credentials !== undefined && { credentials: this.#credentials }),
    })
  }

  /** The caller's own abort stays what it is; any other failure of `fetch` is a network's. */
  #explained(failure: unknown, path: string, signal: AbortSignal | undefined): unknown {
    if (signal?.aborted) return signal.reason
    if (failure instanceof TocsinProblem) return failure
    return new TocsinUnreachable(
      `${this.#base}${path} could not be reached or did not answer within ${this.#timeoutMs} ms. Check the base URL and the network.`,
      { cause: failure },
    )
  }
}

function search(query: Query | undefined): string {
  const given = Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  )
  return given.length === 0 ? "" : `?${new URLSearchParams(given)}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
